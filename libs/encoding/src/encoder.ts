import type { Feature } from '@outflow/contracts'
import type { CategoryTree } from './categories/category-tree.js'
import type { Grouping } from './context/grouping.js'
import type { Places } from './context/places.js'
import type { NumberColumn } from './numbers/number-column.js'

/** A fitted encoder as plain data: it determines how fields become rows of the flow, and rows become records. */
export interface Encoder {
  readonly features: readonly Feature[]
  /** [dim]; in the order of the feature list; a text feature has several */
  readonly numbers: readonly NumberColumn[]
  /** Categories are the categorical features in the feature list's order, then each number's flag. */
  readonly tree: CategoryTree
  readonly groupings: readonly Grouping[]
  /** Predict the number that a pair determines, for pairs that training did not see. */
  readonly places: readonly Places[]
  /** Flag states that are columns of the context, 0 or 1. */
  readonly indicators: readonly { readonly number: number; readonly state: 'missing' | 'usual' }[]
  /** [dim][…]; indices of the groupings whose medians anchor a number, the one that leaves least of its spread first */
  readonly anchors: readonly (readonly number[])[]
  /** [contextDim]; mean and deviation of the training context */
  readonly contextCentre: Float32Array
  readonly contextScale: Float32Array
  /** [dim]; standard deviation of the flow's training noise, in z */
  readonly noise: Float32Array
}

/** Columns of the flow's rows. */
export function rowDim({ numbers }: Encoder): number {
  return numbers.length
}

/** Number of categorical features, and index of the first number's flag among the categories. */
export function flagsAt({ numbers, tree }: Encoder): number {
  return tree.parents.length - numbers.length
}

/** Columns of the flow's context. */
export function contextDim({ contextCentre }: Encoder): number {
  return contextCentre.length
}

/** Columns of the context that one grouping fills. */
export function groupWidth({ numbers }: Encoder): number {
  return 2 * numbers.length + 2
}
