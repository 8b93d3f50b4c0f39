import { attempt } from '@outflow/contracts'
import { parsePath, type Step } from '@outflow/contracts/feature'
import { parseJson } from '../formats/integers.js'
import type { PickedValues } from '../formats/record-decoder.js'

/**
 * Compiles a path to a function that returns the value there, `undefined` if there is none. A step into a string continues
 * in the JSON object or list that the string contains, if it contains one.
 */
export function compilePath(path: string): (record: unknown) => unknown {
  const steps = parsePath(path)
  const [first] = steps
  if (steps.length === 1 && first !== undefined) return (record) => child(record, first)
  return (record) => follow(record, steps)
}

function follow(value: unknown, steps: readonly Step[]): unknown {
  let at = value
  for (const step of steps) at = child(at, step)
  return at
}

/** Resolves a path: in a whole record, or in a picked one. */
export type Locate = (path: string) => FieldLocation

interface FieldLocation {
  /** Returns the value there, `undefined` if there is none. */
  readonly get: (source: unknown) => unknown
  /** Index of the value in a picked record; absent: the path has further steps, or records are whole. */
  readonly place?: number
}

export const inWholeRecords: Locate = (path) => ({ get: compilePath(path) })

/**
 * Compiles paths one by one, and collects the keys that have to be picked for them.
 *
 * @returns keys: the first keys of the paths compiled so far, each once, in the order of the values in a picked record;
 *   locate: like `inWholeRecords`, for a picked record
 */
export function pickedPaths(): { readonly keys: readonly string[]; readonly locate: Locate } {
  const keys: string[] = []
  return {
    keys,
    locate: (path) => {
      const [first, ...steps] = parsePath(path)
      const key = String(first)
      if (!keys.includes(key)) keys.push(key)
      const place = keys.indexOf(key)
      if (steps.length === 0) return { get: (picked) => pickedAt(picked as PickedValues, place), place }
      return { get: (picked) => follow(pickedAt(picked as PickedValues, place), steps) }
    },
  }
}

function pickedAt({ numbers, others }: PickedValues, place: number): unknown {
  const number = numbers[place]!
  return Number.isNaN(number) ? others[place] : number
}

function child(value: unknown, step: Step): unknown {
  const container = typeof value === 'string' ? parsed(value) : value
  if (container === null || typeof container !== 'object' || !Object.hasOwn(container, step)) return undefined
  return (container as Record<Step, unknown>)[step]
}

/** The last text and its parsed JSON: several paths through one string are read one after another. */
let lastText = ''
let lastParsed: unknown = null

function parsed(text: string): unknown {
  if (text === lastText) return lastParsed
  lastText = text
  // Text that begins like JSON but is not valid has no value inside.
  lastParsed = LOOKS_LIKE_JSON.test(text) ? attempt(() => parseJson(text)) : null
  return lastParsed
}

const LOOKS_LIKE_JSON = /^\s*[{[]/
