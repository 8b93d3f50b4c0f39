import { pause } from '@outflow/runtime'
import type { Terminal } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { describeStatus, type PipelineRate } from './describe-status.js'
import { rateBetween } from './reading.js'
import { type StatusReader, watch } from './status-reader.js'

export interface StatusOptions {
  readonly config?: readonly string[]
  readonly json?: true
}

/** Between the two readings that a rate is made of. */
const RATE_OVER_MS = 1_000

/** Prints how each pipeline stands: one screen. */
export function showStatus(options: StatusOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  return withWatched(options.config, async (watched) => {
    const earlier = await readAll(watched)
    await pause(RATE_OVER_MS, signal)
    signal.throwIfAborted()
    const later = await readAll(watched)
    const rated: PipelineRate[] = later.map((reading, index) => ({
      reading,
      rate: rateBetween(earlier[index]!, reading),
    }))
    const flat = rated.map(({ reading, rate }) => ({ ...reading, recordsPerSecond: rate }))
    await terminal.result(`${options.json ? JSON.stringify(flat) : describeStatus(rated, terminal)}\n`)
  })
}

export const readAll = (watched: readonly StatusReader[]) => Promise.all(watched.map((pipeline) => pipeline.read()))

/** Lends the pipelines of some configurations. */
export async function withWatched<T>(
  paths: readonly string[] = ['outflow.yaml'],
  use: (watched: readonly StatusReader[]) => Promise<T>,
): Promise<T> {
  if (new Set(paths).size < paths.length) throw new UsageError(`--config is given twice: ${paths.join(', ')}`)
  const opened: StatusReader[] = []
  try {
    for (const path of paths) opened.push(await watch(path))
    return await use(opened)
  } finally {
    await Promise.all(opened.map((pipeline) => pipeline.close()))
  }
}
