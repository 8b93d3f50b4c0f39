import { emptyRecord, featurePath, parsePath, putAt } from '@outflow/contracts/feature'
import { type CategoryFeature, columnsOf, type Fields, type NumberFeature } from '@outflow/records/fields'
import { anchorOf } from './encode.js'
import { type Encoder, flagsAt, rowDim } from './encoder.js'
import { isEmpty, keepSeen, type NumberColumn, restore } from './numbers/number-column.js'

/**
 * Decodes ids and rows to fields. Numbers are rounded to their column's step and clamped to the training range (a density on the
 * whole line has a little mass on distances below 0), cyclic times fall in the last cycle seen in training.
 *
 * @param ids   [count, categories]
 * @param rows  [count, dim], row-major
 */
export function decodeFields(encoder: Encoder, ids: Int32Array, rows: Float32Array, count: number): Fields[] {
  const { tree, numbers } = encoder
  const dim = rowDim(encoder)
  const categories = tree.parents.length
  const firstFlag = flagsAt(encoder)
  const valueAt = (k: number, index: number) => tree.vocabularies[k]!.values[ids[index * categories + k]! - 1] ?? null
  const numberAt = (column: NumberColumn, j: number, index: number): number => {
    const flag = valueAt(firstFlag + j, index)
    if (flag === 'missing' || isEmpty(column)) return Number.NaN
    if (flag === 'usual') return column.usual!
    const value = restore(column, rows[index * dim + j]! + anchorOf(encoder, ids, index * categories, j))
    return column.cycle === null ? keepSeen(column, value) : value
  }
  return Array.from({ length: count }, (_, index) => ({
    numbers: numbers.map((column, j) => numberAt(column, j, index)),
    categories: Array.from({ length: firstFlag }, (_, k) => valueAt(k, index)),
  }))
}

/** Decodes ids and rows to records, as `decodeFields`. Categories are text, missing values and texts are null. */
export function decodeRecords(
  encoder: Encoder,
  ids: Int32Array,
  rows: Float32Array,
  count: number,
): Record<string, unknown>[] {
  const columns = columnsOf(encoder.features).map((column) => ({ ...column, steps: parsePath(featurePath(column.of)) }))
  return decodeFields(encoder, ids, rows, count).map(({ numbers, categories }) => {
    const record = emptyRecord()
    for (const column of columns) {
      const value =
        column.kind === 'number'
          ? asWritten(column.feature, numbers[column.at]!)
          : asRead(column.feature, categories[column.at]!)
      // Measures of a text do not determine the text.
      putAt(record, column.steps, column.of.type === 'text' ? null : value)
    }
    return record
  })
}

function asWritten({ type }: NumberFeature, value: number): number | string | null {
  if (Number.isNaN(value)) return null
  return type === 'cyclic' ? new Date(value).toISOString() : value
}

function asRead({ type }: CategoryFeature, value: string | null): string | boolean | null {
  return type === 'boolean' && value !== null ? value === 'true' : value
}
