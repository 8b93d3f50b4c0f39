/** Of the note of a verdict, as in the constraint `verdicts_note_is_bounded` of Postgres. */
export const MAX_NOTE_CHARS = 4_000
