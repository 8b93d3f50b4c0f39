import { performance } from 'node:perf_hooks'
import { randomOf } from './random.js'
import { show } from './same-value.js'
import { type FuzzTarget, WrongValue } from './target.js'

export type FailureKind = 'crash' | 'hang' | 'wrong value'

export interface Failure {
  readonly kind: FailureKind
  readonly index: number
  readonly message: string
  readonly input: string
}

/** Makes and checks one input of a target. */
export async function runInput(
  target: FuzzTarget<unknown>,
  name: string,
  seed: number,
  index: number,
): Promise<{ readonly size: number; readonly failure: Failure | null }> {
  const input = target.generate(randomOf(seed, name, index))
  const failed = (kind: FailureKind, message: string): Failure => ({ kind, index, message, input: show(input) })
  const size = target.sizeOf?.(input) ?? 1
  try {
    let ms = await elapsed(() => target.check(input))
    // On a busy machine any check may be slow once.
    if (ms > HANG_MS) ms = Math.min(ms, await elapsed(() => target.check(input)))
    return { size, failure: ms > HANG_MS ? failed('hang', `took ${Math.round(ms)} ms`) : null }
  } catch (error: unknown) {
    if (error instanceof WrongValue) return { size, failure: failed('wrong value', error.message) }
    return { size, failure: failed('crash', error instanceof Error ? (error.stack ?? error.message) : String(error)) }
  }
}

const HANG_MS = 1_000

async function elapsed(work: () => void | Promise<void>): Promise<number> {
  const startMs = performance.now()
  await work()
  return performance.now() - startMs
}
