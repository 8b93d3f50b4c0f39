import { z } from 'zod'
import { StoredValueDamaged } from './errors.js'

/**
 * Returns the parser of a JSON column.
 *
 * @param column  with schema and table, such as `outflow.fits.report`
 * @returns function that parses a value; `key` identifies the row in the error
 * @throws {StoredValueDamaged}
 */
export function jsonColumn<Schema extends z.ZodType>(
  column: string,
  schema: Schema,
): (value: unknown, key: string) => z.output<Schema> {
  return (value, key) => {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    throw new StoredValueDamaged(
      `${column} of ${key} does not match its schema: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}; restore the row from a backup, or delete it`,
      { values: { column, key } },
    )
  }
}
