import type { Position } from '@outflow/contracts'
import type { AnomalyCursor } from '@outflow/store/anomalies'
import { z } from 'zod'
import { RequestRefused } from './errors.js'

const positionSchema = z.tuple([z.string().max(249), z.int().min(0), z.string().regex(/^\d{1,18}$/)])

const anomalyCursorSchema = z.tuple([
  z.number().min(0).max(1),
  z.string().regex(/^\d{4,5}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/),
  positionSchema,
])

/** Encodes the end of a page of anomalies, for a URL. */
export const writeCursor = ({ pValue, recordTime, ...position }: AnomalyCursor): string =>
  write([pValue, recordTime, toTuple(position)])

/** @throws {RequestRefused} when `writeCursor` did not write it */
export function readCursor(cursor: string): AnomalyCursor {
  const [pValue, recordTime, position] = read(anomalyCursorSchema, cursor)
  return { pValue, recordTime, ...fromTuple(position) }
}

/** Encodes the end of a page that is ordered by position. */
export const writePosition = (position: Position): string => write(toTuple(position))

/** @throws {RequestRefused} when `writePosition` did not write it */
export const readPosition = (cursor: string): Position => fromTuple(read(positionSchema, cursor))

type PositionTuple = z.infer<typeof positionSchema>

const toTuple = ({ topic, partition, offset }: Position): PositionTuple => [topic, partition, String(offset)]

const fromTuple = ([topic, partition, offset]: PositionTuple): Position => ({
  topic,
  partition,
  offset: BigInt(offset),
})

const write = (parts: unknown): string => Buffer.from(JSON.stringify(parts)).toString('base64url')

function read<T>(schema: z.ZodType<T>, cursor: string): T {
  const parsed = schema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()))
  if (parsed.success) return parsed.data
  throw new RequestRefused(400, 'cursor: not the `next` of a page; leave it out to begin at the first page')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
