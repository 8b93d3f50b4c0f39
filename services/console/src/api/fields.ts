import { z } from 'zod'
import { MAX_NOTE_CHARS } from './limits.js'

/** ISO 8601 in JSON, in UTC where the server writes it. */
export const timeSchema = z.codec(z.iso.datetime({ offset: true }), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
})

/** Postgres does not accept NUL in a text. */
const NO_NUL = /^[^\0]*$/

export const pipelineSchema = z.string().max(100).regex(NO_NUL, 'no NUL')

/** Kafka's offset, which may exceed the range of JavaScript numbers. */
export const offsetSchema = z.string().regex(/^\d{1,19}$/)

export const limitSchema = (most: number, otherwise: number) =>
  z.coerce.number().int().min(1).max(most).default(otherwise)

/** Start of the next page; from `next` of the page before. */
export const cursorSchema = z.string().max(2_000)

const textOf = (maxChars: number) => z.string().min(1).max(maxChars).regex(NO_NUL, 'no NUL')

export const textSchema = textOf(500)
export const noteSchema = textOf(MAX_NOTE_CHARS)

export const verdictSchema = z.enum(['confirmed', 'false_alarm', 'expected'])
export const severitySchema = z.enum(['low', 'medium', 'high'])
