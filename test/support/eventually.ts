import { setTimeout as sleep } from 'node:timers/promises'

export interface Patience {
  /** What is waited for, as the failure names it. */
  readonly what: string
  /** Default 60,000. */
  readonly withinMs?: number
  /** Default 50. */
  readonly everyMs?: number
}

/** Asks until the answer is neither undefined, null nor false, and gives it. Throws, naming `what`, when time is up. */
export async function eventually<T>(
  ask: () => T | Promise<T>,
  { what, withinMs = 60_000, everyMs = 50 }: Patience,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = Date.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined && answer !== null && answer !== false) {
      return answer as Exclude<T, undefined | null | false>
    }
    if (Date.now() > deadline) throw new Error(`not within ${withinMs / 1_000} s: ${what}`)
    await sleep(everyMs)
  }
}
