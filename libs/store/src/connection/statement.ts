import pg, { type QueryResultRow } from 'pg'
import { toStoreError } from './errors.js'
import type { Queryable } from './pool.js'

/** A statement that Postgres prepares once per connection under its name. */
export interface Statement {
  readonly name: string
  readonly text: string
  readonly values?: unknown[]
}

/** Runs a statement and returns its rows, by column name; a bigint column is a bigint. @throws {StoreUnavailable | StoreRefused} */
export async function run<Row extends QueryResultRow>(db: Queryable, statement: Statement): Promise<Row[]> {
  try {
    return (await db.query<Row>({ ...statement, types })).rows
  } catch (thrown: unknown) {
    throw toStoreError(thrown)
  }
}

/** Runs a statement that always returns one row, such as an aggregate or an insert, and returns that row. @throws like `run` */
export async function runOne<Row extends QueryResultRow>(db: Queryable, statement: Statement): Promise<Row> {
  const [row] = await run<Row>(db, statement)
  return row!
}

/** Runs a statement and returns the first column of its first row; null: it returns no row. @throws like `run` */
export async function runValue<Value>(db: Queryable, statement: Statement): Promise<Value> {
  const [row] = await run<Record<string, Value>>(db, statement)
  return Object.values(row ?? {})[0] ?? (null as Value)
}

/** Runs a statement and returns whether it returns a row. @throws like `run` */
export async function hasRows(db: Queryable, statement: Statement): Promise<boolean> {
  return (await run(db, statement)).length > 0
}

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number) => (oid === pg.types.builtins.INT8 ? BigInt : pg.types.getTypeParser(oid)),
}

/** Collects the values of a composed statement: `place` adds a value and returns its placeholder, such as `$2`. */
export function placeholders(): { readonly values: unknown[]; readonly place: (value: unknown) => string } {
  const values: unknown[] = []
  return { values, place: (value) => `$${values.push(value)}` }
}

/** A row whose columns have the names of `T`; those in `Raw` have the type that pg returns, such as unparsed JSON, and are converted. */
export type RowOf<T, Raw> = Omit<T, keyof Raw> & Raw

/** Returns a timestamptz as epoch ms, float8. */
export const epochMs = (column: string): string => `(extract(epoch from ${column}) * 1000)::float8`

/** Returns one array per named field over all rows, for `unnest`. */
export function arraysOf<T>(rows: readonly T[], ...fields: readonly (keyof T)[]): unknown[] {
  return fields.map((field) => rows.map((row) => row[field]))
}
