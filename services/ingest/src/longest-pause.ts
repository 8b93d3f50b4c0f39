import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Runs an effect, and returns its result and the longest time, in ms, that the event loop was blocked meanwhile, during which no batch
 * made progress. Blocks from other work of the process count too, so it is an upper bound.
 */
export async function longestPause<T>(
  effect: () => Promise<T>,
): Promise<{ readonly result: T; readonly pauseMs: number }> {
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  try {
    const result = await effect()
    // The monitor measures the last block at its next tick.
    await sleep(1)
    return { result, pauseMs: Math.round(delays.max / 1e6) }
  } finally {
    delays.disable()
  }
}
