import { setTimeout as sleep } from 'node:timers/promises'

interface EventuallyOptions {
  /** Description of the condition, for the error message. */
  readonly what: string
  /** Default 60,000. */
  readonly withinMs?: number
  /** Default 50. */
  readonly everyMs?: number
}

/** Polls until the result is neither undefined, null nor false, and returns it. @throws an error with `what` after the timeout */
export async function eventually<T>(
  poll: () => T | Promise<T>,
  { what, withinMs = 60_000, everyMs = 50 }: EventuallyOptions,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const result = await poll()
    if (result !== undefined && result !== null && result !== false) {
      return result as Exclude<T, undefined | null | false>
    }
    if (Date.now() > deadline) throw new Error(`not within ${withinMs / 1_000} s: ${what}`)
    await sleep(everyMs)
  }
}
