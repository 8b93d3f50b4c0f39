import { readdir } from 'node:fs/promises'
import type { Random } from './random.js'

/** A generator of inputs and a check of each. A file in targets/ exports one as its default. */
export interface FuzzTarget<Input> {
  /** Rule that must hold for every input, as a sentence. */
  readonly rule: string
  /** Makes an input that depends only on the random numbers. */
  generate(random: Random): Input
  /**
   * @throws {WrongValue} when the rule does not hold; any other error is a crash. A check that takes longer than a second is run again, and
   * is a hang when that takes as long
   */
  check(input: Input): void | Promise<void>
  /** Starts the resources of the checks, once per process. */
  setUp?(): Promise<void>
  tearDown?(): Promise<void>
  /** Number of inputs for the unit suite. Default 300. */
  readonly shortRun?: number
  /** Size of an input that is a batch, for the count of inputs. Default 1. */
  sizeOf?(input: Input): number
}

/** The result differs from the reference. */
export class WrongValue extends Error {
  override readonly name = 'WrongValue'
}

const FOLDER = new URL('targets/', import.meta.url)

/** The names of all targets, from their file names. */
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
