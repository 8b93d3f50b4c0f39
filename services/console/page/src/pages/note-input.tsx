import { MAX_NOTE_CHARS } from '@outflow/contracts/verdict'
import type { RefObject } from 'preact'
import { keep, kept } from '../state/storage.js'

interface NoteInputProps {
  /** What the note is about: the anomaly, or the filters of several. */
  readonly about: string
  readonly inputRef?: RefObject<HTMLTextAreaElement | null>
}

/** An input named `note`, with the note that was typed in this tab and not stored yet. */
export function NoteInput({ about, inputRef }: NoteInputProps) {
  return (
    <label class="stacked">
      Note for other users
      <textarea
        ref={inputRef ?? null}
        name="note"
        rows={2}
        maxLength={MAX_NOTE_CHARS}
        defaultValue={kept('sessionStorage', KEPT_AS + about) ?? ''}
        onInput={({ currentTarget }) => keepNote(about, currentTarget.value)}
      />
    </label>
  )
}

const KEPT_AS = 'outflow.note.'

/** Keeps a note until it is stored: a login that ends meanwhile replaces the page. '' removes it. */
export const keepNote = (about: string, note: string): void => keep('sessionStorage', KEPT_AS + about, note)
