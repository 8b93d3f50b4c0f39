import { VERDICTS, type Verdict } from '@outflow/contracts/verdict'
import type { ComponentChildren } from 'preact'
import { Dialog } from '../parts/index.js'
import { formatName } from '../words/format.js'
import { keepNote, NoteInput } from './note-input.js'

interface VerdictFormProps {
  readonly title: string
  /** What its note is about, as in `NoteInput`. */
  readonly about: string
  readonly children: ComponentChildren
  /** The verdict that is chosen at first. */
  readonly initial: Verdict
  readonly give: (verdict: Verdict, note: string) => Promise<void>
  readonly onClose: () => void
}

export function VerdictForm({ title, about, children, initial, give, onClose }: VerdictFormProps) {
  return (
    <Dialog
      title={title}
      action="Give it"
      act={(typed) => give(typed('verdict') as Verdict, typed('note'))}
      onClose={() => {
        keepNote(about, '')
        onClose()
      }}
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
            {formatName(choice)}
          </label>
        ))}
      </fieldset>
      <NoteInput about={about} />
    </Dialog>
  )
}
