import type { Fields } from '@outflow/records'

/**
 * Records at the limits of what the reader accepts, each otherwise like the given one: everything missing, each number
 * missing, zero and at both ends of its range, each category missing, empty and never seen.
 */
export function edgeCases(normal: Fields): readonly Fields[] {
  const { numbers, categories } = normal
  return [
    { numbers: numbers.map(() => Number.NaN), categories: categories.map(() => null) },
    ...numbers.flatMap((_, at) => NUMBERS.map((value) => ({ numbers: numbers.with(at, value), categories }))),
    ...categories.flatMap((_, at) => CATEGORIES.map((value) => ({ numbers, categories: categories.with(at, value) }))),
  ]
}

const NUMBERS = [Number.NaN, 0, 1e300, -1e300, Number.MIN_VALUE]
const CATEGORIES = [null, '', 'a value that was never seen', '\u0000']
