import { MAX_NOTE_CHARS } from '@outflow/contracts/verdict'
import type { RefObject } from 'preact'
import { keepNoteDraft, noteDraft } from '../state/note-draft.js'

interface NoteInputProps {
  /** What the note is about, as in `noteDraft`. */
  readonly about: string
  readonly inputRef?: RefObject<HTMLTextAreaElement | null>
}

/** An input named `note`, with the draft of the tab. */
export function NoteInput({ about, inputRef }: NoteInputProps) {
  return (
    <label class="stacked">
      Note for other users
      <textarea
        ref={inputRef ?? null}
        name="note"
        rows={2}
        maxLength={MAX_NOTE_CHARS}
        defaultValue={noteDraft(about)}
        onInput={({ currentTarget }) => keepNoteDraft(about, currentTarget.value)}
      />
    </label>
  )
}
