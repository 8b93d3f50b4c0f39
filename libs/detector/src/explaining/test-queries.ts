import type { Fields } from '@outflow/records/fields'
import { type NllQueries, runNllQueries } from './nll-queries.js'

/** Test support: runs a computation with NLLs that a function computes record by record, in place of a model. */
export async function answered<Result>(
  queries: NllQueries<Result>,
  nllOf: (fields: Fields) => number,
): Promise<Result> {
  const [result] = await runNllQueries(async (batch) => Float64Array.from(batch, nllOf), [queries])
  return result as Result
}
