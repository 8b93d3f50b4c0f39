import { shuffled } from '@outflow/encoding'
import type { Fields } from '@outflow/records/fields'
import type { Nll } from '../scoring/model-scorer.js'

/** A part of the records, and all others. */
interface Fold {
  readonly own: readonly Fields[]
  readonly others: readonly Fields[]
}

/** Splits records at random into folds of equal size. */
export function foldsOf(records: readonly Fields[], seed: number): readonly Fold[] {
  const foldOf = shuffled(records.length, seed).map((place) => place % FOLDS)
  return Array.from({ length: FOLDS }, (_, fold) => ({
    own: records.filter((_, index) => foldOf[index] === fold),
    others: records.filter((_, index) => foldOf[index] !== fold),
  }))
}

/** Each model has four fifths of the records; more folds would take more time than they gain. */
const FOLDS = 5

/**
 * The NLL of each record under a model that was fitted to the records of the other folds. They calibrate a model that is fitted to all
 * records, so that fit and calibration both use all of few records. A new record is slightly more likely under that model than
 * under those of the folds, which had fewer records, so its p-value is slightly too large.
 *
 * @param scorers  [folds]; each of a model that was fitted to `others`
 * @returns [records], nats, in the order of the folds
 * @see Vovk 2015, Cross-conformal predictors, doi:10.1007/s10472-013-9368-4
 */
export async function outOfFoldNlls(folds: readonly Fold[], scorers: readonly Nll[]): Promise<Float64Array> {
  const nlls: number[] = []
  for (const [fold, { own }] of folds.entries()) for (const nll of await scorers[fold]!(own)) nlls.push(nll)
  return Float64Array.from(nlls)
}
