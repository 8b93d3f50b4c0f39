import type { Verdict } from '@outflow/contracts/verdict'
import { useRef, useState } from 'preact/hooks'
import type { AnomalyDetail } from '../../api/types.js'
import { Badge, Time } from '../../parts/index.js'
import { isVerdict } from '../../state/filters.js'
import { navigate, place } from '../../state/location.js'
import { may, session } from '../../state/session.js'
import { useShortcuts } from '../../state/shortcuts.js'
import { keepNote, NoteInput } from '../note-input.js'
import { VerdictForm } from '../verdict-form.js'
import { giveVerdict, keyOf, storeVerdict, verdictKeys } from '../verdicts.js'

const CHOICES: readonly { readonly verdict: Verdict; readonly text: string; readonly means: string }[] = [
  { verdict: 'confirmed', text: 'Confirmed', means: 'a real anomaly; no model is fitted to it' },
  { verdict: 'false_alarm', text: 'False alarm', means: 'a normal record' },
  { verdict: 'expected', text: 'Expected', means: 'unusual, but known beforehand' },
]

/** The verdicts, the buttons to give one, and the form that a link opens with `verdict` in the URL. */
export function VerdictPanel({ anomaly, onGiven }: { anomaly: AnomalyDetail; onGiven: () => void }) {
  const note = useRef<HTMLTextAreaElement>(null)
  const [isGiving, setGiving] = useState(false)
  const mayGive = may('analyst')
  const give = async (verdict: Verdict) => {
    setGiving(true)
    const isTaken = await giveVerdict(anomaly, verdict, note.current?.value)
    setGiving(false)
    if (!isTaken) return
    if (note.current !== null) note.current.value = ''
    keepNote(anomaly.id, '')
    onGiven()
  }
  useShortcuts({ ...verdictKeys(give), n: () => note.current?.focus() })
  const asked = new URLSearchParams(place.value.search).get('verdict')
  return (
    <section aria-labelledby="verdict" class="panel">
      <h2 id="verdict">Verdict</h2>
      {mayGive && isVerdict(asked) && (
        <VerdictForm
          title={`Verdict on ${anomaly.key ?? anomaly.id}`}
          about={anomaly.id}
          initial={asked}
          give={async (verdict, text) => {
            await storeVerdict(anomaly, verdict, text)
            onGiven()
          }}
          onClose={() => navigate(place.value.path, { replace: true })}
        >
          {anomaly.reasons.length > 0 && <p>{anomaly.reasons[0]!.text}</p>}
        </VerdictForm>
      )}
      {mayGive ? (
        <>
          <div class="row verdicts">
            {CHOICES.map(({ verdict, text, means }) => (
              <button
                key={verdict}
                type="button"
                class="verdict-button"
                aria-pressed={anomaly.verdicts[0]?.verdict === verdict}
                title={means}
                aria-keyshortcuts={keyOf(verdict)}
                disabled={isGiving}
                onClick={() => give(verdict)}
              >
                {text}{' '}
                <span aria-hidden="true">
                  <kbd>{keyOf(verdict)}</kbd>
                </span>
              </button>
            ))}
          </div>
          <NoteInput about={anomaly.id} inputRef={note} />
        </>
      ) : (
        <p class="quiet">You are logged in as {session.value?.role}; a verdict requires the role analyst.</p>
      )}
      {anomaly.verdicts.length > 0 && (
        <ol class="plain-list">
          {anomaly.verdicts.map(({ verdict, by, at, note: said }) => (
            <li key={at}>
              <Badge name={verdict} /> {by}, <Time at={at} ago />
              {said !== null && said !== '' && <p class="said">{said}</p>}
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
