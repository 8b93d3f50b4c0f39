import type { AnomalyCursor } from '@outflow/store'
import { z } from 'zod'
import { RequestRefused } from './errors.js'

const anomalyCursorSchema = z.tuple([
  z.number().min(0).max(1),
  z.string().regex(/^\d{4,5}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2}$/),
  z.string().max(249),
  z.int().min(0),
  z.string().regex(/^\d{1,18}$/),
])

/** Writes where a page ended, for a URL. */
export function writeCursor({ pValue, recordTime, topic, partition, offset }: AnomalyCursor): string {
  const parts: z.infer<typeof anomalyCursorSchema> = [pValue, recordTime, topic, partition, String(offset)]
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** @throws {RequestRefused} when it is none that `writeCursor` wrote */
export function readCursor(cursor: string): AnomalyCursor {
  const parsed = anomalyCursorSchema.safeParse(parseJson(Buffer.from(cursor, 'base64url').toString()))
  if (!parsed.success)
    throw new RequestRefused(400, 'cursor: not one that a page before gave; leave it out to begin anew')
  const [pValue, recordTime, topic, partition, offset] = parsed.data
  return { pValue, recordTime, topic, partition, offset: BigInt(offset) }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
