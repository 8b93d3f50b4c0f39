import { z } from 'zod'

/** ISO 8601, in UTC. */
export const timeSchema = z.iso.datetime({ offset: true })

/** Postgres takes no NUL in a text. */
const NO_NUL = /^[^\0]*$/

export const pipelineSchema = z.string().max(100).regex(NO_NUL, 'no NUL')

/** Kafka's offset: more than a JavaScript number holds. */
export const offsetSchema = z.string().regex(/^\d{1,19}$/)

export const limitSchema = (most: number, otherwise: number) =>
  z.coerce.number().int().min(1).max(most).default(otherwise)

/** Where the next page begins; made by the page before. */
export const cursorSchema = z.string().max(2_000)

export const textSchema = z.string().min(1).max(500).regex(NO_NUL, 'no NUL')

export const verdictSchema = z.enum(['confirmed', 'false_alarm', 'expected'])
export const severitySchema = z.enum(['low', 'medium', 'high'])
