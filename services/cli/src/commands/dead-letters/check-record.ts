import { type Config, modelMetadataSchema, type Rejection } from '@outflow/contracts'
import { eventReader } from '@outflow/ingest'
import { isRejection, makeDecoder, makeReader } from '@outflow/records'
import type { Pool } from '@outflow/store'
import { listModels } from '@outflow/store/models'
import type { Original } from './originals.js'

/**
 * Makes the function that says why ingest would reject a record now; null where it would not. Ingest goes by what its model
 * was fitted to, so the active model's features count, and the configuration's before there is one.
 */
export async function recordChecker(pool: Pool, config: Config) {
  const active = (await listModels(pool, config.pipeline)).find(({ state }) => state === 'active')
  const known = modelMetadataSchema.safeParse(active?.metadata)
  return checkerOf({ source: config.source, features: known.success ? known.data.features : config.features })
}

function checkerOf({
  source,
  features,
}: Pick<Config, 'source' | 'features'>): (original: Original) => Promise<Rejection | null> {
  const decoder = makeDecoder(source)
  const read = makeReader(features)
  const readEvent = eventReader(source)
  return async ({ headers: _headers, ...message }) => {
    await decoder.prepare([message])
    const decoded = decoder.decode(message.value)
    if (!('record' in decoded)) return decoded
    const fields = read(decoded.record)
    if (isRejection(fields)) return fields
    const event = readEvent({ ...message, offset: 0n, headers: [] }, decoded.record)
    return 'reason' in event ? event : null
  }
}
