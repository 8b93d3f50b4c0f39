import type { Fields } from './fields.js'

/** The fields of a batch in one array per kind, so that they can be transferred to another thread without a copy. */
export interface FieldTable {
  readonly count: number
  /** [count, numbers of a record], row-major; NaN is missing */
  readonly numbers: Float64Array
  /** [count, categories of a record], row-major; null is missing */
  readonly categories: readonly (string | null)[]
}

/** A table that grows: values are written into the row after the last one; raising `count` adds that row. */
export interface FieldRows {
  count: number
  /** [capacity, numbers of a record] */
  readonly numbers: Float64Array
  /** [rows, categories of a record] */
  readonly categories: (string | null)[]
}

export function fieldsAt({ count, numbers, categories }: FieldTable, row: number): Fields {
  const [numberWidth, categoryWidth] = [numbers.length / count, categories.length / count]
  return {
    numbers: Array.from(numbers.subarray(row * numberWidth, (row + 1) * numberWidth)),
    categories: categories.slice(row * categoryWidth, (row + 1) * categoryWidth),
  }
}

/** Copies the fields of a batch into a table. */
export function packFields(batch: readonly Fields[]): FieldTable {
  const count = batch.length
  const width = batch[0]?.numbers.length ?? 0
  const numbers = new Float64Array(count * width)
  const categories: (string | null)[] = []
  let at = 0
  for (const fields of batch) {
    for (let j = 0; j < width; j++) numbers[at++] = fields.numbers[j]!
    for (const category of fields.categories) categories.push(category)
  }
  return { count, numbers, categories }
}

/** Returns a range of a table's records; its numbers are a view, not a copy. */
export function tablePart({ count, numbers, categories }: FieldTable, from: number, to: number): FieldTable {
  const part = (length: number) => [(length / count) * from, (length / count) * to] as const
  return {
    count: to - from,
    numbers: numbers.subarray(...part(numbers.length)),
    categories: categories.slice(...part(categories.length)),
  }
}
