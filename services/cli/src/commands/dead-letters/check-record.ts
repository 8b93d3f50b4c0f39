import type { Config, Rejection } from '@outflow/contracts'
import { batchReader, makeDecoder } from '@outflow/records'
import type { Pool } from '@outflow/store'
import { listModels } from '@outflow/store/models'
import type { Original } from './originals.js'

/**
 * Makes the function that says why ingest would reject a record now; null where it would not. Ingest goes by what its model
 * was fitted to, so the active model's features count, and the configuration's before there is one.
 */
export async function recordChecker(
  pool: Pool,
  { pipeline, source, features: windows }: Config,
): Promise<(original: Original) => Promise<Rejection | null>> {
  const active = (await listModels(pool, pipeline)).find(({ state }) => state === 'active')
  const decoder = makeDecoder(source)
  const features = active?.metadata?.features ?? windows
  const reader = batchReader({ decoder, source, features, windows })
  return async (message) => {
    await decoder.prepare([message])
    const record = reader.read(message, reader.room(1))
    return 'reason' in record ? record : null
  }
}
