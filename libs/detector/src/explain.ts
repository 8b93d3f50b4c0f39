import type { Counterfactual, Explanation, Reason } from '@outflow/contracts'
import {
  categoryAlternatives,
  coarseAlternatives,
  type Encoder,
  encodeBatch,
  numberAlternatives,
  refineAlternatives,
  withCategory,
  withNumber,
} from '@outflow/encoding'
import type { Fields } from '@outflow/records'
import { argMin } from './bits.js'
import { categoryReason } from './category-reason.js'
import { type Candidate, findCounterfactual } from './counterfactual.js'
import { nameMistake } from './named-mistake.js'
import type { NllQueries } from './nll-queries.js'
import { mergeCurve, numberReason } from './number-reason.js'

/**
 * Explains which fields make a record improbable. A field's surprise is the reduction of the record's NLL, in bits, when that
 * field alone takes its likeliest value given all others:
 *
 *     bits = (nll(x) − min over v of nll(x with v in the field)) / ln 2
 *
 * Categories are enumerated. Every number is tried on a coarse grid; those whose change helps are then tried on a fine grid along
 * their axis, and again around their likeliest value.
 *
 * @param record       an improbable record, and its NLL in nats
 * @param ordinaryNll  nats; a record below it is not an anomaly
 * @returns at least one reason, the most bits first (`mainReasons` states which are left out), and the counterfactual
 */
export function* explainRecord(
  encoder: Encoder,
  { fields, nll: own }: Candidate,
  ordinaryNll: number,
): NllQueries<Explanation> {
  const { ids } = encodeBatch(encoder, [fields])
  const changed = (j: number) => (value: number) => withNumber(encoder, fields, j, value)
  const coarse = encoder.numbers.map((_, j) => coarseAlternatives(encoder, ids, j))
  const values = fields.categories.map((_, k) => categoryAlternatives(encoder, ids, k).slice(0, mostValues(encoder)))
  const [onCoarse, onUsual, onValues] = (yield* queryAll([
    coarse.map((axis, j) => Array.from(axis, changed(j))),
    encoder.numbers.map(({ usual }, j) => (usual === null ? [] : [changed(j)(usual)])),
    values.map((candidates, k) => candidates.map((value) => withCategory(fields, k, value))),
  ])) as [Float64Array[], Float64Array[], Float64Array[]]

  const least = onCoarse.map((nll, j) => Math.min(...nll, ...onUsual[j]!))
  const byHelp = [...least.keys()].sort((a, b) => least[a]! - least[b]!)
  const refined = numbersToRefine(byHelp, least, { own, ordinaryNll })
  const fine = refined.map((j) => numberAlternatives(encoder, ids, j, fineCount(encoder)))
  const [onFine] = (yield* queryAll([fine.map((axis, at) => Array.from(axis, changed(refined[at]!)))])) as [
    Float64Array[],
  ]
  const curves = refined.map((j, at) =>
    mergeCurve({ grid: coarse[j]!, nll: onCoarse[j]! }, { grid: fine[at]!, nll: onFine[at]! }),
  )
  const finest = curves.map(({ grid, nll }, at) => refineAlternatives(encoder, refined[at]!, grid, argMin(nll)))
  const [onFinest] = (yield* queryAll([finest.map((axis, at) => Array.from(axis, changed(refined[at]!)))])) as [
    Float64Array[],
  ]

  const numbers = refined.map((j, at) => {
    const curve = { ...mergeCurve(curves[at]!, { grid: finest[at]!, nll: onFinest[at]! }), usualNll: onUsual[j]![0] }
    const reason = numberReason(encoder, fields, ids, j, curve, { own, ordinaryNll })
    return { j, curve, reason }
  })
  const categories = values.map((candidates, k) => categoryReason(encoder, fields, k, own, candidates, onValues[k]!))
  const best = [
    ...numbers.flatMap(({ j, curve: { grid, nll } }) => likeliest(nll, (at) => changed(j)(grid[at]!))),
    ...coarse.flatMap((grid, j) => likeliest(onCoarse[j]!, (at) => changed(j)(grid[at]!))),
    ...onUsual.flatMap((nll, j) => likeliest(nll, () => changed(j)(encoder.numbers[j]!.usual!))),
    ...values.flatMap((candidates, k) => likeliest(onValues[k]!, (at) => withCategory(fields, k, candidates[at]!))),
  ]
  const tried = new Map(numbers.map(({ j, curve }) => [j, curve]))
  const counterfactual =
    (yield* nameMistake(encoder, { fields, nll: own }, tried, ordinaryNll)) ??
    (yield* findCounterfactual(encoder, fields, { best, numbers: byHelp }, ordinaryNll))
  const reasons = [...numbers.map(({ reason }) => reason), ...categories]
  return { reasons: mainReasons(reasons, { own, ordinaryNll, counterfactual }), counterfactual }
}

/**
 * Indices of the numbers that may become reasons, by their coarse values: where one number alone makes the record ordinary, those
 * that help at least a tenth as much; otherwise the first few.
 */
function numbersToRefine(
  byHelp: readonly number[],
  least: readonly number[],
  { own, ordinaryNll }: { readonly own: number; readonly ordinaryNll: number },
): readonly number[] {
  const lowest = least[byHelp[0]!]!
  const isEnough = lowest < ordinaryNll
  return byHelp.filter((j, place) => place < MOST_REFINED && (!isEnough || own - least[j]! >= TENTH * (own - lowest)))
}

function likeliest(nll: Float64Array, fieldsAt: (place: number) => Fields): Candidate[] {
  const at = argMin(nll)
  return nll.length === 0 ? [] : [{ fields: fieldsAt(at), nll: nll[at]! }]
}

/**
 * The reasons that are reported: the fields that alone would make the record ordinary; if there are none, the fields of the
 * counterfactual, which together would; without a counterfactual, all fields with at least a tenth of the largest surprise. The
 * others are left out because, given one wrong value, every other field of a far record seems improbable.
 */
function mainReasons(
  reasons: readonly Reason[],
  { own, ordinaryNll, counterfactual }: { own: number; ordinaryNll: number; counterfactual: Counterfactual | null },
): Reason[] {
  const sorted = reasons.toSorted((a, b) => b.bits - a.bits)
  const most = sorted[0]?.bits ?? 0
  const sufficient = sorted.filter(({ bits }) => bits >= 1 && own - bits * Math.LN2 < ordinaryNll)
  if (sufficient.length > 0) return sufficient
  const changed = new Set(counterfactual?.changes.map(({ field }) => field))
  const together = sorted.filter(({ field, bits }) => bits >= 1 && changed.has(field))
  if (together.length > 0) return together
  return sorted.filter(({ bits }, place) => place === 0 || (bits >= 1 && bits >= TENTH * most))
}

/** Largest number of values of a category that are tried; the fewer categories, the more. */
const mostValues = ({ tree, numbers }: Encoder) =>
  Math.max(12, Math.floor(300 / Math.max(1, tree.parents.length - numbers.length)))

const CANDIDATES = 300
/**
 * Approximate number of values of a refined number; the more numbers, the fewer. The points around the group medians and the
 * refinement find a narrow density.
 */
const fineCount = ({ numbers }: Encoder) => Math.max(24, Math.min(100, Math.floor(CANDIDATES / numbers.length)))
/** Largest number of refined numbers. */
const MOST_REFINED = 5
const TENTH = 0.1

/** Requests the NLLs of lists of lists of records, and returns them in the same structure. */
function* queryAll(groups: readonly (readonly Fields[][])[]): NllQueries<Float64Array[][]> {
  const all = yield groups.flat(2)
  let at = 0
  return groups.map((lists) =>
    lists.map((list) => {
      at += list.length
      return all.subarray(at - list.length, at)
    }),
  )
}
