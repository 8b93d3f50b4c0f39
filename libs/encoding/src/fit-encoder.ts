import { setImmediate } from 'node:timers/promises'
import type { Feature } from '@outflow/contracts'
import { categoryColumnsOf, type Fields, numberColumnsOf } from '@outflow/records/fields'
import { fitCategoryTree } from './categories/category-tree.js'
import type { CategoryColumn } from './categories/conditional.js'
import { fitVocabulary } from './categories/vocabulary.js'
import { standardiseContext } from './context/context.js'
import { type FittedPlaces, fitPlaces, PLACES_WIDTH } from './context/fit-places.js'
import { prepareNumbers } from './context/group-statistics.js'
import { FOLDS } from './context/group-summaries.js'
import { type FittedGrouping, fitGroupings } from './context/grouping.js'
import { type Encoder, groupWidth } from './encoder.js'
import { noiseOf } from './numbers/noise.js'
import {
  type Flag,
  fitNumberColumn,
  flagCategory,
  flagOf,
  halfStep,
  type NumberColumn,
  standardise,
  toLine,
} from './numbers/number-column.js'
import { shuffled } from './shuffled.js'

/** A fitted encoder, and its training records encoded for the fit of the flow. */
export interface FittedEncoder {
  readonly encoder: Encoder
  /** [n, dim], row-major; 0 if missing */
  readonly rows: Float32Array
  /** [n, contextDim], row-major; statistics of each record's categories in the other folds */
  readonly context: Float32Array
  /** [n, dim]; 1 is observed, 0 missing or the usual value */
  readonly observed: Uint8Array
}

/**
 * Fits the encoder. Timers and I/O run between its parts, because on many records it takes longer than a heartbeat's interval.
 *
 * @param records        [n], at least 1
 * @param contamination  share of the records that may be anomalies
 * @param seed           of the random order from which folds and held-out rows are taken
 */
export async function fitEncoder(
  features: readonly Feature[],
  records: readonly Fields[],
  { contamination, seed }: { readonly contamination: number; readonly seed: number },
): Promise<FittedEncoder> {
  const order = shuffled(records.length, seed)
  const folds = new Uint8Array(records.length)
  order.forEach((row, place) => {
    folds[row] = place % FOLDS
  })
  const fitted = await fitNumbers(features, records, contamination)
  const numbers = fitted.map(({ column }) => column)
  const z = fitted.map((number) => number.z)
  const flags = fitted.map((number) => number.flags)
  const categories = categoryColumnsOf(features).map(({ name, at }) =>
    categoryColumn(
      name,
      records.map((fields) => fields.categories[at]!),
    ),
  )
  const floors = numbers.map((column) => Math.max(halfStep(column), SMALLEST_FLOOR))
  await setImmediate()
  const prepared = prepareNumbers(z, floors)
  const groupings = await fitGroupings(prepared, categories, order, folds, contamination)
  await setImmediate()
  const places = fitPlaces(numbers, prepared, groupings, folds, seed)
  const indicators = findIndicators(flags)
  const states = indicators.map(({ number, state }) => Float32Array.from(flags[number]!, (flag) => +(flag === state)))
  const outOfFolds = [...groupings, ...places].map(({ outOfFold }) => outOfFold)
  await setImmediate()
  const { context, centre, scale } = standardiseContext([...outOfFolds, ...states], records.length)
  const flagColumns = numbers.map(({ name }, j) => categoryColumn(`${name} present`, flags[j]!))
  await setImmediate()
  const encoder: Encoder = {
    features,
    numbers,
    tree: fitCategoryTree([...categories, ...flagColumns], order, contamination),
    groupings: groupings.map(({ grouping }) => grouping),
    places: places.map((fitted) => fitted.places),
    indicators,
    anchors: numbers.map((_, j) => chooseAnchors(groupings, j)),
    contextCentre: centre,
    contextScale: scale,
    noise: noiseOf(numbers, z, groupings),
  }
  return { encoder, context, ...trainingRows(encoder, z, groupings, places) }
}

/** A fitted number column, and its training values. */
interface FittedNumber {
  readonly column: NumberColumn
  /** [n]; the category of each row's flag in p(c) */
  readonly flags: readonly Flag[]
  /** [n]; NaN unless present */
  readonly z: Float64Array
}

/** @returns [dim] */
async function fitNumbers(
  features: readonly Feature[],
  records: readonly Fields[],
  contamination: number,
): Promise<readonly FittedNumber[]> {
  const usualShare = categoryColumnsOf(features).length > 0 ? USUAL_SHARE : USUAL_SHARE_AMONG_NUMBERS
  const fitted: FittedNumber[] = []
  for (const { feature, at } of numberColumnsOf(features)) {
    await setImmediate()
    const raw = Float64Array.from(records, ({ numbers }) => numbers[at]!)
    const column = fitNumberColumn(feature, raw, { contamination, usualShare })
    const flags = Array.from(raw, (value) => flagCategory(feature, flagOf(column, value)))
    const z = raw.map((value) =>
      flagOf(column, value) === 'present' ? standardise(column, toLine(column, value)) : Number.NaN,
    )
    fitted.push({ column, flags, z })
  }
  return fitted
}

/**
 * Share of the records from which a common value of a number is modelled by a probability and not by a density, with categories. In
 * measurements, a flag for a value of a smaller share cost more accuracy than it gained.
 */
const USUAL_SHARE = 0.95
/** Without categories the flow scores a rare value better, given the other numbers, than p(c) does. */
const USUAL_SHARE_AMONG_NUMBERS = 0.999

function categoryColumn(name: string, values: readonly (string | null)[]): CategoryColumn {
  const vocabulary = fitVocabulary(name, values)
  return { vocabulary, ids: Int32Array.from(values, (value) => vocabulary.ids.get(value) ?? 0) }
}

/** The flag states that vary in training: some records have them and others do not. */
function findIndicators(flags: readonly (readonly Flag[])[]): Encoder['indicators'] {
  return flags.flatMap((column, number) =>
    (['missing', 'usual'] as const)
      .filter((state) => column.includes(state) && column.some((flag) => flag !== state))
      .map((state) => ({ number, state })),
  )
}

/** Deviations of groups below this are not distinguished, in z. */
const SMALLEST_FLOOR = 1e-3
/** A grouping anchors a number if it leaves this share of the number's spread or less. */
const ANCHOR_LEAVES = 0.9

function chooseAnchors(groupings: readonly FittedGrouping[], j: number): number[] {
  return groupings
    .map(({ grouping }, index) => ({ index, left: grouping.remaining[j]! }))
    .filter(({ left }) => left <= ANCHOR_LEAVES)
    .sort((a, b) => a.left - b.left)
    .map(({ index }) => index)
}

function trainingRows(
  encoder: Encoder,
  z: readonly Float64Array[],
  groupings: readonly FittedGrouping[],
  places: readonly FittedPlaces[],
): Pick<FittedEncoder, 'rows' | 'observed'> {
  const dim = z.length
  const n = z[0]?.length ?? 0
  const rows = new Float32Array(n * dim)
  const observed = new Uint8Array(n * dim)
  z.forEach((column, j) => {
    const anchorAt = outOfFoldAnchors(encoder, groupings, places, j)
    for (let row = 0; row < n; row++) {
      if (Number.isNaN(column[row])) continue
      rows[row * dim + j] = column[row]! - anchorAt(row)
      observed[row * dim + j] = 1
    }
  })
  return { rows, observed }
}

/** The anchor of number j of a training row, from the other folds; `anchorOf` computes it at scoring. */
function outOfFoldAnchors(
  encoder: Encoder,
  groupings: readonly FittedGrouping[],
  places: readonly FittedPlaces[],
  j: number,
): (row: number) => number {
  const width = groupWidth(encoder)
  const anchors = encoder.anchors[j]!.map((index) => ({
    medians: groupings[index]!.outOfFold,
    predicted: places.find((own) => own.places.number === j && own.places.grouping === index)?.outOfFold,
  }))
  return (row) => {
    for (const { medians, predicted } of anchors) {
      if (medians[(row + 1) * width - 1]! > 0) return medians[row * width + j]!
      if (predicted !== undefined && predicted[row * PLACES_WIDTH + 1] === 1) return predicted[row * PLACES_WIDTH]!
    }
    return 0
  }
}
