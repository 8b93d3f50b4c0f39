import type { Counterfactual, Explanation, Reason } from '@outflow/contracts'
import {
  categoryAlternatives,
  coarseAlternatives,
  type Encoder,
  encodeBatch,
  flagsAt,
  isEmpty,
  numberAlternatives,
  numberOf,
  refineAlternatives,
  undeterminedNumbers,
  unseenCategories,
  withCategory,
  withNumber,
  withUsualPairs,
} from '@outflow/encoding'
import type { Fields } from '@outflow/records/fields'
import { argMin, toBits } from '../bits.js'
import { categoryReason } from './category-reason.js'
import { type Candidate, findCounterfactual } from './counterfactual.js'
import { nameMistake } from './named-mistake.js'
import { type NllQueries, queryLists } from './nll-queries.js'
import { type Curve, isNormalIfMissing, type Limits, leastPresent, mergeCurve, numberReason } from './number-reason.js'
import { isBetweenSteps } from './reason-text.js'
import { logIfCategoryWrong, logIfNumberWrong } from './wrong-field.js'

/**
 * Explains which fields make a record improbable. A field's surprise is the reduction of the record's NLL, in bits, when that
 * field alone takes its likeliest value given all others:
 *
 *     bits = (nll(x) − min over v of nll(x with v in the field)) / ln 2
 *
 * Categories are enumerated. Every number is scored at a few values; those whose change lowers the NLL, or all if no change is enough, are
 * scored on a coarse grid, the best ones then on a fine grid along their axis, and again around their likeliest value.
 *
 * An unseen category has also the bits of the numbers that it determines in other records.
 *
 * @param record       an improbable record, and its NLL in nats
 * @param thresholdNll  nats; only a record above it is an anomaly
 * @returns at least one reason, the main one first (`mainReasons` states which are left out), and the counterfactual,
 *   null if there is none or the record is not an anomaly
 */
export function* explainRecord(encoder: Encoder, record: Candidate, thresholdNll: number): NllQueries<Explanation> {
  const { fields, nll: recordNll } = record
  const { ids } = encodeBatch(encoder, [fields])
  const limits = { recordNll, thresholdNll }
  const changed = (j: number) => (value: number) => withNumber(encoder, fields, j, value)
  const grids = encoder.numbers.map((_, j) => coarseAlternatives(encoder, ids, j, 2))
  const values = fields.categories.map((_, k) => categoryAlternatives(encoder, ids, k).slice(0, mostValues(encoder)))
  const pairs = withUsualPairs(encoder, fields)
  const [onPairs, ...nlls] = yield* queryLists([
    pairs,
    ...grids.map((grid, j) => Array.from(grid, changed(j))),
    ...encoder.numbers.map(({ usual }, j) => (usual === null ? [] : [changed(j)(usual)])),
    ...encoder.numbers.map((_, j) => (mayBeMissing(encoder, fields, j) ? [changed(j)(Number.NaN)] : [])),
    ...values.map((candidates, k) => candidates.map((value) => withCategory(fields, k, value))),
  ])
  const count = grids.length
  const onUsual = nlls.slice(count, 2 * count)
  const onMissing = nlls.slice(2 * count, 3 * count)
  const onValues = nlls.slice(3 * count)
  const curves = grids.map((grid, j): Curve => {
    return { grid, nll: nlls[j]!, usualNll: onUsual[j]![0], missingNll: onMissing[j]![0] }
  })

  const refine = function* (numbers: readonly number[], pointsOf: (j: number) => Float64Array): NllQueries<void> {
    const points = numbers.map((j) => pointsOf(j).filter((x) => !curves[j]!.grid.includes(x)))
    const nll = yield* queryLists(points.map((axis, at) => Array.from(axis, changed(numbers[at]!))))
    for (const [at, j] of numbers.entries()) {
      curves[j] = { ...curves[j]!, ...mergeCurve(curves[j]!, { grid: points[at]!, nll: nll[at]! }) }
    }
  }
  yield* refine(numbersThatHelp(curves, limits, SLIGHTLY), (j) => coarseAlternatives(encoder, ids, j, 6))
  const likely = numbersThatHelp(curves, limits, MUCH).slice(0, MOST_REFINED)
  yield* refine(likely, (j) => numberAlternatives(encoder, ids, j, fineCount(encoder)))
  yield* refine(likely, (j) => refineAlternatives(encoder, j, curves[j]!.grid, argMin(curves[j]!.nll)))

  const ofNumber = curves.map((curve, j) => {
    if (!likely.includes(j)) return Number.NEGATIVE_INFINITY
    const isCertain = isBetweenSteps(encoder.numbers[j]!, numberOf(encoder, fields, j))
    return isCertain ? Number.POSITIVE_INFINITY : logIfNumberWrong(encoder, fields, j, curve)
  })
  const ofCategory = onValues.map((nll, k) => logIfCategoryWrong(encoder, k, ids[k]!, nll))
  const single = [
    ...curves.flatMap(({ grid, nll }, j) => likeliest(nll, (at) => changed(j)(grid[at]!), ofNumber[j]!)),
    ...onUsual.flatMap((nll, j) => likeliest(nll, () => changed(j)(encoder.numbers[j]!.usual!), ofNumber[j]!)),
    ...onMissing.flatMap((nll, j) =>
      isNormalIfMissing(curves[j]!, thresholdNll) ? likeliest(nll, () => changed(j)(Number.NaN), ofNumber[j]!) : [],
    ),
    ...values.flatMap((candidates, k) =>
      likeliest(onValues[k]!, (at) => withCategory(fields, k, candidates[at]!), ofCategory[k]!),
    ),
  ]
  const most = recordNll - Math.min(recordNll, ...single.map(({ nll }) => nll))
  const pair = likeliest(onPairs!, (at) => pairs[at]!, Number.POSITIVE_INFINITY)
  const best = [...single, ...pair.filter(({ nll }) => recordNll - nll > FAR_MORE * most)].sort((a, b) => a.nll - b.nll)
  const [first] = [
    ...best.filter(({ nll }) => nll <= thresholdNll).sort((a, b) => b.logIfWrong - a.logIfWrong),
    ...best,
  ]
  const refined = new Map(likely.map((j) => [j, curves[j]!]))
  const possible =
    recordNll <= thresholdNll
      ? null
      : ((yield* nameMistake(encoder, record, refined, thresholdNll)) ??
        (yield* findCounterfactual(encoder, fields, { first, numbers: byHelp(curves) }, thresholdNll)))
  const unseen = unseenCategories(encoder, fields).map(({ k, field }) => {
    return { field, undetermined: undeterminedNumbers(encoder, ids, k) }
  })
  // Without a group, no value of its numbers is known to be normal.
  const isKnown = (field: string) => !unseen.some(({ undetermined }) => undetermined.includes(field))
  const counterfactual = possible?.changes.every(({ field }) => isKnown(field)) ? possible : null
  const alone = [
    ...likely.map((j) => numberReason(encoder, fields, ids, j, curves[j]!, limits)),
    ...values.map((candidates, k) =>
      categoryReason(encoder, record, k, { values: candidates, nll: onValues[k]! }, counterfactual),
    ),
  ]
  const logs = [...likely.map((j) => ofNumber[j]!), ...ofCategory]
  const logIfWrong = new Map(alone.map(({ field }, at) => [field, logs[at]!]))
  const reasons = alone.flatMap((reason) => {
    const own = unseen.find(({ field }) => field === reason.field)
    const numbers = alone.filter(({ field }) => own?.undetermined.includes(field))
    return isKnown(reason.field)
      ? [{ ...reason, bits: numbers.reduce((sum, { bits }) => sum + bits, reason.bits) }]
      : []
  })
  return { reasons: mainReasons(reasons, logIfWrong, limits, counterfactual), counterfactual }
}

/** The lowest NLL of the record with another value of the number, so far. */
function leastOf(curve: Curve): number {
  return Math.min(leastPresent(curve), curve.missingNll ?? Number.POSITIVE_INFINITY)
}

/** Whether the record has the number, and training records lack it. Those that lack a window over a partition are not counted. */
function mayBeMissing(encoder: Encoder, fields: Fields, j: number): boolean {
  const flags = encoder.tree.vocabularies[flagsAt(encoder) + j]!
  return !Number.isNaN(fields.numbers[j]) && (flags.ids.has('missing') || isEmpty(encoder.numbers[j]!))
}

/** [numbers]; indices of the numbers, the one that helps most first. */
function byHelp(curves: readonly Curve[]): number[] {
  const least = curves.map(leastOf)
  return [...least.keys()].sort((a, b) => least[a]! - least[b]!)
}

/**
 * Indices of the numbers that may become reasons, the one that helps most first: if one number alone makes the record normal,
 * those that help at least a share as much; otherwise all.
 */
function numbersThatHelp(
  curves: readonly Curve[],
  { recordNll, thresholdNll }: Limits,
  share: number,
): readonly number[] {
  const sorted = byHelp(curves)
  const lowest = sorted.length === 0 ? recordNll : leastOf(curves[sorted[0]!]!)
  if (lowest > thresholdNll) return sorted
  return sorted.filter((j) => recordNll - leastOf(curves[j]!) >= share * (recordNll - lowest))
}

/** A change of a record, and the log probability of the record if what it changes is wrong. */
interface Change extends Candidate {
  readonly logIfWrong: number
}

function likeliest(nll: Float64Array, fieldsAt: (place: number) => Fields, logIfWrong: number): Change[] {
  const at = argMin(nll)
  return nll.length === 0 ? [] : [{ fields: fieldsAt(at), nll: nll[at]!, logIfWrong }]
}

/**
 * The reported reasons: the fields whose change alone makes the record normal; if there are none, or two fields help far more, the
 * fields of the counterfactual, whose changes together do; without a counterfactual, all fields with at least a tenth of the largest
 * surprise. The others are left out because, given one wrong value, every other field of a far record seems improbable. Fields of the
 * counterfactual that do not help alone, such as an amount and its tax, have equal parts of its bits.
 *
 * If two fields do not fit each other, the change of either helps about as much. Of fields whose change alone is enough, those of a named
 * mistake are therefore first, then the likeliest to be wrong; of others, those with the most bits.
 */
function mainReasons(
  reasons: readonly Reason[],
  logIfWrong: ReadonlyMap<string, number>,
  { recordNll, thresholdNll }: Limits,
  counterfactual: Counterfactual | null,
): Reason[] {
  const sorted = reasons.toSorted((a, b) => b.bits - a.bits)
  const most = sorted[0]?.bits ?? 0
  const sufficient = sorted.filter(({ bits }) => bits >= 1 && recordNll - bits * Math.LN2 <= thresholdNll)
  const changed = new Set(counterfactual?.changes.map(({ field }) => field))
  const together = sorted.filter(({ field }) => changed.has(field))
  const isPair = together.length === 2 && toBits(recordNll - counterfactual!.nll) > FAR_MORE * most
  if (sufficient.length > 0 && !isPair) {
    const isMistaken = ({ field }: Reason) => (counterfactual?.mistake !== undefined && changed.has(field) ? 1 : 0)
    return sufficient.sort(
      (a, b) => isMistaken(b) - isMistaken(a) || logIfWrong.get(b.field)! - logIfWrong.get(a.field)!,
    )
  }
  const helpful = together.filter(({ bits }) => bits >= 1)
  if (helpful.length > 0) return helpful
  if (together.length > 0) {
    const bits = toBits(recordNll - counterfactual!.nll) / together.length
    return together.map((reason) => ({ ...reason, bits }))
  }
  return sorted.filter(({ bits }, place) => place === 0 || (bits >= 1 && bits >= TENTH * most))
}

/** Largest number of values of a category that are tried; the fewer categories, the more. */
const mostValues = (encoder: Encoder) => Math.max(12, Math.floor(300 / Math.max(1, flagsAt(encoder))))

const CANDIDATES = 300
/**
 * Approximate number of values of a refined number; the more numbers, the fewer. The points around the group medians and the
 * refinement find a narrow density.
 */
const fineCount = ({ numbers }: Encoder) => Math.max(24, Math.min(100, Math.floor(CANDIDATES / numbers.length)))
/** Largest number of refined numbers. */
const MOST_REFINED = 5
const TENTH = 0.1
/** Two fields are the reason, and not one whose change is just enough, if they help more than this many times as much. */
const FAR_MORE = 2
/** Of the help of the number that helps most: with less, further coarse values of a number are not tried. */
const SLIGHTLY = 0.06
/** The same for fine values, which find a narrow density but not one far from all coarse values. */
const MUCH = 0.3
