import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { areShortcutsOn, turnShortcuts } from '../state/shortcuts.js'

export const isHelpOpen = signal(false)

const KEYS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [['j', 'k'], 'next and previous anomaly'],
  [['Enter'], 'open it'],
  [['u'], 'back to the list'],
  [['c'], 'verdict: confirmed'],
  [['f'], 'verdict: false alarm'],
  [['e'], 'verdict: expected'],
  [['n'], 'write a note'],
  [['/'], 'search'],
  [['.'], 'show new anomalies'],
  [['1', '…', '5'], 'anomalies, scores, models, health, suppressions'],
  [['?'], 'this help'],
]

/** The keys, and the switch that turns them off. */
export function Help() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    if (isHelpOpen.value) dialog.current?.showModal()
  }, [isHelpOpen.value])
  const close = () => {
    isHelpOpen.value = false
  }
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {KEYS.map(([keys, does]) => (
          <div key={does}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <label>
        <input
          type="checkbox"
          checked={areShortcutsOn.value}
          onChange={(event) => turnShortcuts(event.currentTarget.checked)}
        />{' '}
        Single keys do something
      </label>
      <div class="row end">
        <button type="button" class="primary" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  )
}
