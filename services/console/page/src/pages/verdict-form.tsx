import { MAX_NOTE_CHARS, VERDICTS, type Verdict } from '@outflow/contracts/verdict'
import type { ComponentChildren } from 'preact'
import { Dialog } from '../parts/dialog.js'
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
  return (
    <Dialog
      title={title}
      action="Give it"
      act={(typed) => give(typed('verdict') as Verdict, typed('note'))}
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
              value={choice}
              autofocus={choice === initial}
              defaultChecked={choice === initial}
            />{' '}
            {formatVerdict(choice)}
          </label>
        ))}
      </fieldset>
      <label class="stacked">
        Note for whoever comes after you
        <textarea name="note" rows={2} maxLength={MAX_NOTE_CHARS} />
      </label>
    </Dialog>
  )
}
