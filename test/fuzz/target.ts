import { readdir } from 'node:fs/promises'
import type { Random } from './random.js'

/** A generator of inputs and a check of each. A file in targets/ exports one as its default. */
export interface FuzzTarget<Input> {
  /** What must hold of every input, as a sentence. */
  readonly rule: string
  /** Makes an input that depends on the random numbers alone. */
  generate(random: Random): Input
  /**
   * @throws {WrongValue} when the rule does not hold; any other error is a crash. A check that takes longer than `hangMs` is run again, and
   * is a hang when that takes as long
   */
  check(input: Input): void | Promise<void>
  /** Starts what the checks need, once per process. */
  setUp?(): Promise<void>
  tearDown?(): Promise<void>
  /** Default 1,000. */
  readonly hangMs?: number
  /** Number of inputs for the unit suite. Default 300; 0 leaves the target out. */
  readonly shortRun?: number
  /** How many inputs one input counts for, where it is a batch. Default 1. */
  sizeOf?(input: Input): number
}

/** What was computed differs from what the reference has. */
export class WrongValue extends Error {
  override readonly name = 'WrongValue'
}

const FOLDER = new URL('targets/', import.meta.url)

/** The names of all targets: their files' names. */
export async function targetNames(): Promise<readonly string[]> {
  const files = await readdir(FOLDER)
  return files.flatMap((file) => (file.endsWith('.ts') ? [file.slice(0, -'.ts'.length)] : [])).sort()
}

/** @param folder  Default: targets/ */
export async function loadTarget(name: string, folder = FOLDER.href): Promise<FuzzTarget<unknown>> {
  const { default: target } = (await import(/* @vite-ignore */ new URL(`${name}.ts`, folder).href)) as {
    readonly default: FuzzTarget<unknown>
  }
  return target
}
