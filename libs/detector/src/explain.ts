import { featureName, type Reason } from '@outflow/contracts'
import {
  categoryAlternatives,
  categoryEvidence,
  determiningGroup,
  type Encoder,
  encodeBatch,
  type Fields,
  numberAlternatives,
  numberOf,
  refineAlternatives,
  roundTo,
  withCategory,
  withNumber,
} from '@outflow/encoding'
import { gridQuantiles } from './quadrature.js'
import { categoryInWords, numberInWords, show } from './words.js'

/** [count] nats; −log p of each record. */
export type Nll = (batch: readonly Fields[]) => Promise<Float64Array>

/**
 * Says which fields make a record improbable. A field's surprise is how much the record's NLL falls, in bits, when that
 * field alone takes its likeliest value given all others:
 *
 *     bits = (nll(x) − min over v of nll(x with v in the field)) / ln 2
 *
 * Numbers are tried along a grid on their axis (all numbers in one call of the scorer, then once more beside each one's
 * likeliest value), categories by enumeration. Fields under one bit are left out, the largest aside.
 *
 * @returns the most bits first; at least one
 */
export async function explainRecord(encoder: Encoder, nll: Nll, fields: Fields): Promise<Reason[]> {
  const { ids } = encodeBatch(encoder, [fields])
  const dim = encoder.numbers.length
  const most = Math.floor(Math.min(CANDIDATES_PER_NUMBER, CANDIDATES / Math.max(1, dim)))
  const grids = encoder.numbers.map((_, j) => numberAlternatives(encoder, ids, j, most))
  const categories = encoder.features.filter(({ type }) => type === 'categorical')
  const values = categories.map((_, k) => categoryAlternatives(encoder, ids, k))
  const asNumbers = (own: readonly Float64Array[]) =>
    own.map((grid, j) => Array.from(grid, (value) => withNumber(encoder, fields, j, value)))
  const asUsual = encoder.numbers.map(({ usual }, j) => (usual === null ? [] : [withNumber(encoder, fields, j, usual)]))
  const asCategories = values.map((own, k) => own.map((value) => withCategory(fields, k, value)))

  const [observed, onGrids, onUsual, onCategories] = await scoreAll(nll, [
    [[fields]],
    asNumbers(grids),
    asUsual,
    asCategories,
  ])
  const own = observed![0]![0]!
  const finer = grids.map((grid, j) => refineAlternatives(encoder, j, grid, argMin(onGrids![j]!)))
  const [onFiner] = await scoreAll(nll, [asNumbers(finer)])
  const numbers = encoder.numbers.map((_, j) => {
    const curve = merge(grids[j]!, onGrids![j]!, finer[j]!, onFiner![j]!)
    return numberReason(encoder, fields, ids, j, own, curve, onUsual![j]![0])
  })
  const named = categories.map((feature, k): Reason => {
    const best = argMin(onCategories![k]!)
    const [value, expected] = [fields.categories[k]!, values[k]![best]!]
    return {
      field: featureName(feature),
      bits: toBits(own - onCategories![k]![best]!),
      observed: value,
      expected,
      range: null,
      text: categoryInWords(featureName(feature), value, categoryEvidence(encoder, ids, k), expected),
    }
  })
  const reasons = [...numbers, ...named].sort((a, b) => b.bits - a.bits)
  return reasons.filter(({ bits }, place) => place === 0 || bits >= 1)
}

/** Rows that one explanation may ask the scorer for, about, and of them a number's share. */
const CANDIDATES = 2_000
const CANDIDATES_PER_NUMBER = 200

interface Curve {
  /** Ascending, in the column's own unit. */
  readonly grid: Float64Array
  readonly nll: Float64Array
}

function numberReason(
  encoder: Encoder,
  fields: Fields,
  ids: Int32Array,
  j: number,
  own: number,
  { grid, nll }: Curve,
  usualNll: number | undefined,
): Reason {
  const column = encoder.numbers[j]!
  const observed = numberOf(encoder, fields, j)
  const best = argMin(nll)
  // Nearly all records have the usual value: where it is likelier than any other value is dense, it is what is expected.
  const isUsual = usualNll !== undefined && !(usualNll > nll[best]!)
  const expected = isUsual ? column.usual! : grid[best]!
  const [low, high] = gridQuantiles(grid, nll, [0.05, 0.95]).map((x) => roundTo(column, x)) as [number, number]
  const range: [number, number] = isUsual ? [Math.min(low, expected), Math.max(high, expected)] : [low, high]
  const finding = { observed, expected, range, group: determiningGroup(encoder, ids, j) }
  const isCyclic = column.cycle !== null
  const shown = (x: number) => (Number.isNaN(x) ? null : isCyclic ? show(column, x) : x)
  return {
    field: column.name,
    bits: toBits(own - Math.min(nll[best]!, usualNll ?? Number.POSITIVE_INFINITY)),
    observed: shown(observed),
    expected: shown(expected),
    range: isCyclic ? null : range,
    text: numberInWords(column, finding),
  }
}

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

function merge(grid: Float64Array, nll: Float64Array, finer: Float64Array, finerNll: Float64Array): Curve {
  const points = new Map<number, number>()
  for (const [k, x] of grid.entries()) points.set(x, nll[k]!)
  for (const [k, x] of finer.entries()) points.set(x, finerNll[k]!)
  const ascending = Float64Array.from(points.keys()).sort()
  return { grid: ascending, nll: ascending.map((x) => points.get(x)!) }
}

function argMin(values: Float64Array): number {
  return values.reduce((best, value, k) => (value < values[best]! ? k : best), 0)
}

function toBits(nats: number): number {
  return Math.max(0, nats / Math.LN2)
}
