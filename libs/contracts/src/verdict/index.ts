/** Of the note of a verdict, as in the constraint `verdicts_note_is_bounded` of Postgres. */
export const MAX_NOTE_CHARS = 4_000

/** confirmed: worth knowing; false_alarm: a normal record; expected: unusual, but known beforehand. */
export const VERDICTS = ['confirmed', 'false_alarm', 'expected'] as const
export type Verdict = (typeof VERDICTS)[number]
