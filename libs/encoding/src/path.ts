/** One step into a record: a key of an object or an index of an array. */
export type Step = string | number

/** Gives the steps of a path such as `$.legs[0].miles`: `['legs', 0, 'miles']`. */
export function parsePath(path: string): Step[] {
  return [...path.matchAll(/\.([^.[\]]+)|\[(\d+)\]/g)].map(([, key, index]) => key ?? Number(index))
}

/**
 * Compiles a path to a function that gives the value there, `undefined` where there is none. A step into a string goes
 * into the JSON object or list that the string holds, where it holds one.
 */
export function compilePath(path: string): (record: unknown) => unknown {
  const steps = parsePath(path)
  const [first] = steps
  if (steps.length === 1 && first !== undefined) return (record) => child(record, first)
  return (record) => {
    let value = record
    for (const step of steps) value = child(value, step)
    return value
  }
}

/** Puts a value where the path leads, making the objects and arrays on the way. */
export function putAt(record: Record<string, unknown>, path: string, value: unknown): void {
  const steps = parsePath(path)
  let at = record as Record<Step, unknown>
  steps.forEach((step, index) => {
    const next = steps[index + 1]
    if (next === undefined) at[step] = value
    else {
      at[step] ??= typeof next === 'number' ? [] : {}
      at = at[step] as Record<Step, unknown>
    }
  })
}

function child(value: unknown, step: Step): unknown {
  const holder = typeof value === 'string' ? parsed(value) : value
  if (holder === null || typeof holder !== 'object') return undefined
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
