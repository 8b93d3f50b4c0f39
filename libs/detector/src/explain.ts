import type { Counterfactual, Explanation, Reason } from '@outflow/contracts'
import {
  categoryAlternatives,
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
import type { Nll } from './model-scorer.js'
import { mergeCurve, numberReason } from './number-reason.js'

/**
 * Says which fields make a record improbable. A field's surprise is how much the record's NLL falls, in bits, when that
 * field alone takes its likeliest value given all others:
 *
 *     bits = (nll(x) − min over v of nll(x with v in the field)) / ln 2
 *
 * Numbers are tried along a grid on their axis, all of them in one call of the scorer and then once more around each one's
 * likeliest value; categories by enumeration.
 *
 * @param roughNll     which of many records is likeliest may be looked for roughly
 * @param record       one that is improbable, and its NLL, nats
 * @param ordinaryNll  nats; a record below it is not an anomaly
 * @returns reasons, the most bits first, at least one; see `mainReasons` for what is left out; and the counterfactual
 */
export async function explainRecord(
  encoder: Encoder,
  roughNll: Nll,
  { fields, nll: own }: Candidate,
  ordinaryNll: number,
): Promise<Explanation> {
  const { ids } = encodeBatch(encoder, [fields])
  const most = Math.floor(Math.min(CANDIDATES_PER_NUMBER, CANDIDATES / Math.max(1, encoder.numbers.length)))
  const grids = encoder.numbers.map((_, j) => numberAlternatives(encoder, ids, j, most))
  const values = fields.categories.map((_, k) => categoryAlternatives(encoder, ids, k))
  const alongAxes = (axes: readonly Float64Array[]) =>
    axes.map((axis, j) => Array.from(axis, (value) => withNumber(encoder, fields, j, value)))

  const [onGrids, onUsual, onValues] = (await scoreAll(roughNll, [
    alongAxes(grids),
    encoder.numbers.map(({ usual }, j) => (usual === null ? [] : [withNumber(encoder, fields, j, usual)])),
    values.map((candidates, k) => candidates.map((value) => withCategory(fields, k, value))),
  ])) as [Float64Array[], Float64Array[], Float64Array[]]
  const finer = grids.map((grid, j) => refineAlternatives(encoder, j, grid, argMin(onGrids[j]!)))
  const [onFiner] = (await scoreAll(roughNll, [alongAxes(finer)])) as [Float64Array[]]

  const numbers = grids.map((grid, j) => {
    const curve = mergeCurve({ grid, nll: onGrids[j]! }, { grid: finer[j]!, nll: onFiner[j]! })
    return numberReason(encoder, fields, ids, j, { ...curve, usualNll: onUsual[j]![0] }, { own, ordinaryNll })
  })
  const byHelp = [...numbers.keys()].sort((a, b) => numbers[b]!.bits - numbers[a]!.bits)
  const categories = values.map((candidates, k) => categoryReason(encoder, fields, k, own, candidates, onValues[k]!))
  const best = [
    ...grids.flatMap((grid, j) => [
      ...likeliest(onGrids[j]!, (at) => withNumber(encoder, fields, j, grid[at]!)),
      ...likeliest(onFiner[j]!, (at) => withNumber(encoder, fields, j, finer[j]![at]!)),
      ...likeliest(onUsual[j]!, () => withNumber(encoder, fields, j, encoder.numbers[j]!.usual!)),
    ]),
    ...values.flatMap((candidates, k) => likeliest(onValues[k]!, (at) => withCategory(fields, k, candidates[at]!))),
  ]
  const counterfactual = await findCounterfactual(encoder, roughNll, fields, { best, numbers: byHelp }, ordinaryNll)
  return { reasons: mainReasons([...numbers, ...categories], { own, ordinaryNll, counterfactual }), counterfactual }
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

/**
 * Values that one explanation tries of all numbers together, about, and at most of one. A narrow density is found by the
 * points about the group's median and the refinement, not by many points: 600 give the same fields as 2,000 in a third of
 * the time.
 */
const CANDIDATES = 600
const CANDIDATES_PER_NUMBER = 200
const TENTH = 0.1

/** One call of the scorer for lists of lists of records; their NLLs come back in the same places. */
async function scoreAll(nll: Nll, groups: readonly (readonly Fields[][])[]): Promise<Float64Array[][]> {
  const all = await nll(groups.flat(2))
  let at = 0
  return groups.map((lists) =>
    lists.map((list) => {
      at += list.length
      return all.subarray(at - list.length, at)
    }),
  )
}
