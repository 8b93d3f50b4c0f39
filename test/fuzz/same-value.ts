import { inspect } from 'node:util'
import { WrongValue } from './target.js'

/**
 * @throws {WrongValue} when two values differ in JSON: by keys or their order, by items, or by `Object.is`. Prototypes are ignored
 */
export function expectSame(actual: unknown, expected: unknown, what: string): void {
  if (isSame(actual, expected)) return
  throw new WrongValue(`${what}: got ${show(actual)}, expected ${show(expected)}`)
}

function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return Object.is(one, other)
  if (Array.isArray(one) !== Array.isArray(other)) return false
  const [mine, theirs] = [Object.entries(one), Object.entries(other)]
  return (
    mine.length === theirs.length &&
    mine.every(([key, value], at) => theirs[at]![0] === key && isSame(value, theirs[at]![1]))
  )
}

/** A value as text, at most 2,000 characters. */
export function show(value: unknown): string {
  const text = inspect(value, { depth: 6, maxStringLength: 300, maxArrayLength: 40, breakLength: 160 })
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

const MAX_SHOWN = 2_000
