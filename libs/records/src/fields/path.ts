import { parsePath, type Step } from '@outflow/contracts'

/**
 * Compiles a path to a function that gives the value there, `undefined` where there is none. A step into a string goes
 * into the JSON object or list that the string holds, where it holds one.
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

/** Finds what a path leads to: in a record, or in what was taken of one. */
export type Locate = (path: string) => FieldLocation

export interface FieldLocation {
  /** Returns the value there, `undefined` where there is none. */
  readonly get: (source: unknown) => unknown
  /** Where a picked record has it; absent: the path goes deeper, or records are whole. */
  readonly place?: number
}

export const inWholeRecords: Locate = (path) => ({ get: compilePath(path) })

/** Of a record, the values of some keys: each is in the one list or in the other, at the place of its key. */
export interface PickedRecord {
  /** NaN where the value is no number, or is among the others all the same. */
  readonly numbers: Float64Array
  readonly others: readonly unknown[]
}

/** Paths into records of which only the values of some keys are taken. */
interface PickedPaths {
  /** What the paths compiled so far begin with, each once; their order is that of the places in a picked record. */
  readonly keys: readonly string[]
  /** As `inWholeRecords`, for a picked record. */
  readonly locate: Locate
}

/** Compiles paths one by one, and gathers the keys that are to be taken for them. */
export function pickedPaths(): PickedPaths {
  const keys: string[] = []
  return {
    keys,
    locate: (path) => {
      const [first, ...steps] = parsePath(path)
      const key = String(first)
      if (!keys.includes(key)) keys.push(key)
      const place = keys.indexOf(key)
      if (steps.length === 0) return { get: (picked) => pickedAt(picked as PickedRecord, place), place }
      return { get: (picked) => follow(pickedAt(picked as PickedRecord, place), steps) }
    },
  }
}

function pickedAt({ numbers, others }: PickedRecord, place: number): unknown {
  const number = numbers[place]!
  return Number.isNaN(number) ? others[place] : number
}

function child(value: unknown, step: Step): unknown {
  const holder = typeof value === 'string' ? parsed(value) : value
  if (holder === null || typeof holder !== 'object' || !Object.hasOwn(holder, step)) return undefined
  return (holder as Record<Step, unknown>)[step]
}

/** Several paths through one string come one after another: the last text and what it holds. */
let lastText = ''
let lastHeld: unknown

function parsed(text: string): unknown {
  if (text === lastText) return lastHeld
  lastText = text
  lastHeld = undefined
  if (!HOLDS_MORE.test(text)) return undefined
  try {
    lastHeld = JSON.parse(text)
  } catch {
    // Text that only looks like JSON holds nothing.
  }
  return lastHeld
}

const HOLDS_MORE = /^\s*[{[]/
