import { makeScoringThread } from '@outflow/detector/threaded-scorer'
import type { ServiceOptions } from '@outflow/runtime'

/**
 * Scores every record of the watched topics exactly once, until the signal aborts; then drains.
 *
 * The scoring thread begins before the other modules are loaded, since both take a third of a second.
 *
 * @throws {OutflowError} for an error that waiting does not fix; the offset has not moved
 */
export async function runIngest(options: ServiceOptions): Promise<void> {
  const thread = makeScoringThread()
  thread.begin()
  const { ingestWith } = await import('./main.js')
  await ingestWith(thread, options)
}
