import { HALF_LOG_TWO_PI } from '@outflow/flow'
import { type Fields, type FieldTable, type NumberFeature, numberColumnsOf, packFields } from '@outflow/records/fields'
import { categoryNll } from './categories/category-tree.js'
import { standardiseColumns } from './context/context.js'
import { PLACES_WIDTH } from './context/fit-places.js'
import { groupOfIds } from './context/grouping.js'
import { fromLength, lengthBetween, type Places } from './context/places.js'
import { contextDim, type Encoder, flagsAt, groupWidth, rowDim } from './encoder.js'
import { type Flag, flagCategory, flagOf, logSlope, standardise, toLine } from './numbers/number-column.js'

/** An encoded batch: the input of the flow, and the part of the NLL that the flow does not compute. */
interface EncodedBatch {
  /** [count, dim], row-major */
  readonly rows: Float32Array
  /** [count, contextDim], row-major */
  readonly context: Float32Array
  /** [count], nats; added to the flow's NLL, by the formula of `encodeBatch` */
  readonly addedNll: Float64Array
  /** [count, categories]; ids, 0 is unseen */
  readonly ids: Int32Array
  /** Number of category values that training did not see. */
  readonly unseen: number
  /** Number of missing numbers and categories. */
  readonly missing: number
}

/**
 * Encodes a batch: the record's NLL is
 *
 *     nll = flow's nll(row | context) + addedNll
 *     addedNll = −log p(c) + Σ over present numbers log scale − Σ over others ½·log 2π + Σ over missing numbers missingNll
 *
 * A missing or usual number is 0 in the row; the flow is trained on draws from N(0, 1) in its place, so its NLL contains ½·log 2π
 * for it. With missingNll a record does not have a larger NLL because it contains an optional number, whatever the number's unit.
 * Allocates per batch, not per record.
 */
export function encodeBatch(encoder: Encoder, batch: readonly Fields[]): EncodedBatch {
  return encodeTable(encoder, packFields(batch))
}

/** `encodeBatch` for a table of fields. */
export function encodeTable(encoder: Encoder, { count, numbers, categories: values }: FieldTable): EncodedBatch {
  const dim = rowDim(encoder)
  const categories = encoder.tree.parents.length
  const ids = new Int32Array(count * categories)
  const rows = new Float32Array(count * dim)
  const addedNll = new Float64Array(count)
  const lookups = encoder.tree.vocabularies.map((vocabulary) => vocabulary.ids)
  const firstFlag = flagsAt(encoder)
  const features = numberColumnsOf(encoder.features)
  const columns = encoder.numbers.map((column, j) => ({
    column,
    logScale: Math.log(column.scale),
    missingNll: missingNllOf(encoder, j),
    isAnchored: encoder.anchors[j]!.length > 0,
    flagIds: flagIdsOf(features[j]!.feature, lookups[firstFlag + j]!),
  }))
  const nllOf = categoryNll(encoder.tree)
  let unseen = 0
  let missing = 0
  for (let index = 0; index < count; index++) {
    const idsAt = index * categories
    for (let k = 0; k < firstFlag; k++) {
      const value = values[index * firstFlag + k]!
      const id = lookups[k]!.get(value) ?? 0
      ids[idsAt + k] = id
      if (id === 0) unseen++
      if (value === null) missing++
    }
    let added = 0
    for (let j = 0; j < dim; j++) {
      const { column, logScale, missingNll, isAnchored, flagIds } = columns[j]!
      const raw = numbers[index * dim + j]!
      const flag = flagOf(column, raw)
      // Most are present. A lookup by a variable is slow.
      ids[idsAt + firstFlag + j] = flag === 'present' ? flagIds.present : flagIds[flag]
      if (flag === 'present') {
        const z = standardise(column, toLine(column, raw))
        rows[index * dim + j] = isAnchored ? z - anchorOf(encoder, ids, idsAt, j) : z
        added += logScale
      } else {
        added -= HALF_LOG_TWO_PI
        if (flag === 'missing') {
          added += missingNll
          missing++
        }
      }
    }
    addedNll[index] = added + nllOf(ids, idsAt)
  }
  return { rows, context: encodeContext(encoder, ids, count), addedNll, ids, unseen, missing }
}

/**
 * What a missing number adds to the NLL besides its probability and ½·log 2π, nats: the log of its scale, or of what an anchor leaves
 * of it, by the share of the values that are not the usual one.
 */
function missingNllOf(encoder: Encoder, j: number): number {
  const { anchors, groupings, noise, numbers, tree } = encoder
  const { ids, counts } = tree.vocabularies[flagsAt(encoder) + j]!
  const countOf = (flag: Flag) => (ids.has(flag) ? counts[ids.get(flag)!]! : 0)
  const present = countOf('present') / Math.max(1, countOf('present') + countOf('usual'))
  const [anchor] = anchors[j]!
  const left = anchor === undefined ? 1 : Math.max(groupings[anchor]!.remaining[j]!, noise[j]!)
  return present * Math.log(Math.max(numbers[j]!.scale * left, Number.MIN_VALUE))
}

/**
 * The part of a record's NLL that depends on units which the encoder chose by its training records, nats: the density of a missing
 * number, and of a number on a log scale the log of the slope of the scale. NLLs of two models can be compared without it.
 */
export function unitNll(encoder: Encoder): (record: Fields) => number {
  const columns = encoder.numbers.map((column, j) => ({ column, missingNll: missingNllOf(encoder, j) }))
  return ({ numbers }) =>
    columns.reduce((sum, { column, missingNll }, j) => {
      const flag = flagOf(column, numbers[j]!)
      if (flag === 'missing') return sum + missingNll
      return flag === 'present' ? sum + logSlope(column, numbers[j]!) : sum
    }, 0)
}

/** The id of each flag in the vocabulary of its category. */
function flagIdsOf(feature: NumberFeature, lookup: ReadonlyMap<string | null, number>) {
  const idOf = (flag: Flag) => lookup.get(flagCategory(feature, flag)) ?? 0
  return { present: idOf('present'), missing: idOf('missing'), usual: idOf('usual') }
}

/**
 * The context of records, from the ids of their categories.
 *
 * @param ids  [count, categories]
 * @returns [count, contextDim], row-major
 */
export function encodeContext(encoder: Encoder, ids: Int32Array, count: number): Float32Array {
  const width = contextDim(encoder)
  const ofGroup = groupWidth(encoder)
  const categories = encoder.tree.parents.length
  const firstFlag = flagsAt(encoder)
  const context = new Float32Array(count * width)
  const states = encoder.indicators.map(({ number, state }) => ({
    flag: firstFlag + number,
    id: encoder.tree.vocabularies[firstFlag + number]!.ids.get(state),
  }))
  for (let index = 0; index < count; index++) {
    let at = index * width
    for (const grouping of encoder.groupings) {
      const from = groupOfIds(grouping, ids, index * categories) * ofGroup
      for (let column = 0; column < ofGroup; column++) context[at + column] = grouping.table[from + column]!
      at += ofGroup
    }
    for (const places of encoder.places) {
      const z = predictedZ(encoder, places, ids, index * categories)
      if (!Number.isNaN(z)) {
        context[at] = z
        context[at + 1] = 1
        context[at + 2] = Math.log1p(lesserPartners(encoder, places, ids, index * categories))
      }
      at += PLACES_WIDTH
    }
    for (const { flag, id } of states) context[at++] = ids[index * categories + flag] === id ? 1 : 0
  }
  standardiseColumns(context, count, { centre: encoder.contextCentre, scale: encoder.contextScale })
  return context
}

/**
 * The anchor of number j, in z, to which the row is relative: the median of the record's group in the best grouping that has
 * the group, or the prediction of that grouping's places; 0 if there is neither.
 */
export function anchorOf(encoder: Encoder, ids: Int32Array, offset: number, j: number): number {
  for (const index of encoder.anchors[j]!) {
    const grouping = encoder.groupings[index]!
    const group = groupOfIds(grouping, ids, offset)
    if (group > 0) return grouping.table[group * groupWidth(encoder) + j]!
    const places = encoder.places.find((fitted) => fitted.number === j && fitted.grouping === index)
    const z = places === undefined ? Number.NaN : predictedZ(encoder, places, ids, offset)
    if (!Number.isNaN(z)) return z
  }
  return 0
}

/** The z that places predict for a record's pair; NaN if an end has no place. */
function predictedZ(encoder: Encoder, places: Places, ids: Int32Array, offset: number): number {
  const a = placeOf(encoder, places, ids, offset, 0)
  const b = placeOf(encoder, places, ids, offset, 1)
  return fromLength(encoder.numbers[places.number]!, lengthBetween(places, a, b))
}

/** Number of training pairs that placed the two ends of a record's pair, the smaller of the two. */
function lesserPartners(encoder: Encoder, places: Places, ids: Int32Array, offset: number): number {
  const a = placeOf(encoder, places, ids, offset, 0)
  const b = placeOf(encoder, places, ids, offset, 1)
  return Math.min(places.partners[a]!, places.partners[b]!)
}

/** Common id of one end of a record's pair. */
function placeOf(encoder: Encoder, places: Places, ids: Int32Array, offset: number, end: 0 | 1): number {
  const { members, common } = encoder.groupings[places.grouping]!
  return common![end]![ids[offset + members[end]!]!]!
}
