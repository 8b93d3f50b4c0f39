/** Limits of the API that the page applies to its inputs as well; without imports, so that its bundle gets no more than these. */

/** Of the note of a verdict, as in the constraint `verdicts_note_is_bounded` of Postgres. */
export const MAX_NOTE_CHARS = 4_000
/** Of one bulk verdict. */
export const MAX_BULK_VERDICTS = 1_000
