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
 * Says which fields make a record improbable. A field's surprise is how much the record's NLL falls, in bits, when that
 * field alone takes its likeliest value given all others:
 *
 *     bits = (nll(x) − min over v of nll(x with v in the field)) / ln 2
 *
 * Categories are tried by enumeration. Numbers are tried coarsely, all of them; those whose change helps are then tried along a
 * fine grid on their axis, and once more around their likeliest value.
 *
 * @param record       one that is improbable, and its NLL, nats
 * @param ordinaryNll  nats; a record below it is not an anomaly
 * @returns reasons, the most bits first, at least one; see `mainReasons` for what is left out; and the counterfactual
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
  const [onCoarse, onUsual, onValues] = (yield* askAll([
    coarse.map((axis, j) => Array.from(axis, changed(j))),
    encoder.numbers.map(({ usual }, j) => (usual === null ? [] : [changed(j)(usual)])),
    values.map((candidates, k) => candidates.map((value) => withCategory(fields, k, value))),
  ])) as [Float64Array[], Float64Array[], Float64Array[]]

  const least = onCoarse.map((nll, j) => Math.min(...nll, ...onUsual[j]!))
  const byHelp = [...least.keys()].sort((a, b) => least[a]! - least[b]!)
  const refined = numbersToRefine(byHelp, least, { own, ordinaryNll })
  const fine = refined.map((j) => numberAlternatives(encoder, ids, j, finely(encoder)))
  const [onFine] = (yield* askAll([fine.map((axis, at) => Array.from(axis, changed(refined[at]!)))])) as [
    Float64Array[],
  ]
  const curves = refined.map((j, at) =>
    mergeCurve({ grid: coarse[j]!, nll: onCoarse[j]! }, { grid: fine[at]!, nll: onFine[at]! }),
  )
  const finest = curves.map(({ grid, nll }, at) => refineAlternatives(encoder, refined[at]!, grid, argMin(nll)))
  const [onFinest] = (yield* askAll([finest.map((axis, at) => Array.from(axis, changed(refined[at]!)))])) as [
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
 * The numbers that may become reasons, by their coarse values: where one number alone makes the record ordinary, those that help a tenth as
 * much as it does; else the first few.
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
 * The reasons worth telling: where one field alone would make the record ordinary, only such fields; else those that together would, as
 * the counterfactual has it; where there is none, all that carry a tenth of the largest surprise. A record far out has every
 * field look odd in the light of the wrong one.
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

/** Values of a category that are tried: all, where there are few categories. */
const mostValues = ({ tree, numbers }: Encoder) =>
  Math.max(12, Math.floor(300 / Math.max(1, tree.parents.length - numbers.length)))

const CANDIDATES = 300
/**
 * Values of a number that is refined, about: few where there are many numbers. A narrow density is found by the points about the
 * group's median and by the refinement.
 */
const finely = ({ numbers }: Encoder) => Math.max(24, Math.min(100, Math.floor(CANDIDATES / numbers.length)))
/** Numbers that are refined. */
const MOST_REFINED = 5
const TENTH = 0.1

/** Asks for lists of lists of records; their NLLs come back in the same places. */
function* askAll(groups: readonly (readonly Fields[][])[]): NllQueries<Float64Array[][]> {
  const all = yield groups.flat(2)
  let at = 0
  return groups.map((lists) =>
    lists.map((list) => {
      at += list.length
      return all.subarray(at - list.length, at)
    }),
  )
}
