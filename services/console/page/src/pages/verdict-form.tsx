import { MAX_NOTE_CHARS } from '@outflow/contracts/verdict'
import type { ComponentChildren } from 'preact'
import { useRef, useState } from 'preact/hooks'
import type { Verdict } from '../api/types.js'
import { Confirm } from '../parts/confirm.js'
import { VERDICTS } from '../state/filters.js'
import { formatVerdict } from '../words/format.js'

interface VerdictFormProps {
  readonly title: string
  readonly children: ComponentChildren
  /** The verdict that is chosen at first. */
  readonly initial: Verdict
  readonly give: (verdict: Verdict, note: string) => Promise<void>
  readonly onClose: () => void
}

export function VerdictForm({ title, children, initial, give, onClose }: VerdictFormProps) {
  const [verdict, setVerdict] = useState(initial)
  const note = useRef<HTMLTextAreaElement>(null)
  return (
    <Confirm
      title={title}
      action="Give it"
      act={() => give(verdict, note.current?.value.trim() ?? '')}
      onClose={onClose}
    >
      {children}
      <fieldset class="row verdict-choice">
        <legend class="unseen">Verdict</legend>
        {VERDICTS.map((choice) => (
          <label key={choice}>
            <input
              type="radio"
              name="verdict"
              autofocus={choice === initial}
              checked={verdict === choice}
              onChange={() => setVerdict(choice)}
            />{' '}
            {formatVerdict(choice)}
          </label>
        ))}
      </fieldset>
      <label class="stacked">
        Note for whoever comes after you
        <textarea ref={note} rows={2} maxLength={MAX_NOTE_CHARS} />
      </label>
    </Confirm>
  )
}
