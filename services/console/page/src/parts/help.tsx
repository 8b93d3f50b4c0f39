import { signal } from '@preact/signals'
import { areShortcutsOn, turnShortcuts } from '../state/shortcuts.js'
import { Dialog } from './dialog.js'

const isOpen = signal(false)

export function openHelp(): void {
  isOpen.value = true
}

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

export function Help() {
  if (!isOpen.value) return null
  return (
    <Dialog
      title="Keys"
      onClose={() => {
        isOpen.value = false
      }}
    >
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
    </Dialog>
  )
}
