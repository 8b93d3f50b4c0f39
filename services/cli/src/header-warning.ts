import { nameOfPath } from '@outflow/contracts/feature'

/**
 * Returns the warning that the header of a CSV file may be a record: a name of a column is a number. Null if there is none, or if the
 * numbers are a sequence, as positions and years are.
 */
export function headerWarning(paths: readonly string[]): string | null {
  const names = paths.map(nameOfPath).filter((name) => Number.isFinite(Number(name)))
  const numbers = names.map(Number).toSorted((a, b) => a - b)
  if (numbers.every((number, at) => Number.isInteger(number) && number === numbers[0]! + at)) return null
  return `warning: the first line names the columns, and ${names[0]} is a number; if the line is a record, add a header above it`
}
