import { emptyRecord, featurePath, parsePath, putAt } from '@outflow/contracts'
import { type CategoryFeature, columnsOf } from '@outflow/records'
import { anchorOf } from './encode.js'
import { type Encoder, rowDim } from './encoder.js'
import { isEmpty, keepSeen, restore } from './number-column.js'

/**
 * Decodes ids and rows to records. Numbers are rounded to their column's step and clamped to the training range (a density on
 * the whole line has a little mass on distances below 0), cyclic times fall in the last cycle seen in training, categories are
 * text, missing values and texts are null.
 *
 * @param ids   [count, categories]
 * @param rows  [count, dim], row-major
 */
export function decodeRecords(
  encoder: Encoder,
  ids: Int32Array,
  rows: Float32Array,
  count: number,
): Record<string, unknown>[] {
  const { tree, numbers, features } = encoder
  const dim = rowDim(encoder)
  const categories = tree.parents.length
  const flagsAt = categories - dim
  const valueAt = (k: number, index: number) => tree.vocabularies[k]!.values[ids[index * categories + k]! - 1] ?? null
  const numberAt = (j: number, index: number): number | string | null => {
    const column = numbers[j]!
    const flag = valueAt(flagsAt + j, index)
    if (flag === 'missing' || isEmpty(column)) return null
    if (flag === 'usual') return column.usual
    const value = restore(column, rows[index * dim + j]! + anchorOf(encoder, ids, index * categories, j))
    if (column.cycle !== null) return new Date(value).toISOString()
    return keepSeen(column, value)
  }
  const columns = columnsOf(features).map((column) => ({ ...column, steps: parsePath(featurePath(column.of)) }))
  return Array.from({ length: count }, (_, index) => {
    const record = emptyRecord()
    for (const column of columns) {
      const value =
        column.kind === 'number' ? numberAt(column.at, index) : asRead(column.feature, valueAt(column.at, index))
      // Measures of a text do not determine the text.
      putAt(record, column.steps, column.of.type === 'text' ? null : value)
    }
    return record
  })
}

function asRead({ type }: CategoryFeature, value: string | null): string | boolean | null {
  return type === 'boolean' && value !== null ? value === 'true' : value
}
