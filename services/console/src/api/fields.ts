import { MAX_NOTE_CHARS, VERDICTS } from '@outflow/contracts/verdict'
import { z } from 'zod'

/** ISO 8601 in JSON, in UTC where the server writes it. */
export const timeSchema = z.codec(z.iso.datetime({ offset: true }), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
})

/** Postgres does not accept NUL in a text. */
const NO_NUL = /^[^\0]*$/

export const pipelineSchema = z.string().max(100).regex(NO_NUL, 'no NUL')

/** Kafka's offset, which may exceed the range of JavaScript numbers: a string in JSON. */
export const offsetSchema = z.codec(z.string().regex(/^\d{1,19}$/), z.bigint().max(2n ** 63n - 1n), {
  decode: BigInt,
  encode: String,
})

export const limitSchema = (highest: number, fallback: number) =>
  z.coerce.number().int().min(1).max(highest).default(fallback)

export const positionSchema = z.object({ topic: z.string().max(249), partition: z.int().min(0), offset: offsetSchema })

/** The last row of a page, which `next` returns and `cursor` accepts: JSON in base64url. */
const cursorOf = <Row extends z.ZodType>(row: Row) =>
  z.codec(z.string().max(2_000), row, {
    decode: (cursor, { issues }) => {
      try {
        return JSON.parse(Buffer.from(cursor, 'base64url').toString())
      } catch {
        issues.push({ code: 'custom', input: cursor, message: NO_CURSOR })
        return z.NEVER
      }
    },
    encode: (last) => Buffer.from(JSON.stringify(last)).toString('base64url'),
  })

const NO_CURSOR = 'not the `next` of a page; leave it out to begin at the first page'

export const deadLetterCursorSchema = cursorOf(positionSchema)
export const anomalyCursorSchema = cursorOf(
  positionSchema.extend({ pValue: z.number().min(0).max(1), recordTime: timeSchema }),
)

const textOf = (maxChars: number) => z.string().min(1).max(maxChars).regex(NO_NUL, 'no NUL')

export const textSchema = textOf(500)
const notBlank = z.regex(/\S/, 'allowed: a text that is not blank')
export const whyTextSchema = textSchema.check(notBlank)
export const noteSchema = textOf(MAX_NOTE_CHARS).check(notBlank)

export const verdictSchema = z.enum(VERDICTS)
export const severitySchema = z.enum(['low', 'medium', 'high'])
