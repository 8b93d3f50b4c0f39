import type { Feature } from '@outflow/contracts'
import type { CategoryTree } from './category-tree.js'
import type { Grouping } from './grouping.js'
import type { NumberColumn } from './number-column.js'
import type { Places } from './places.js'

/** A fitted encoder as plain data: all that turning fields into rows of the flow, and back, needs. */
export interface Encoder {
  readonly features: readonly Feature[]
  /** [dim]; one per numeric or cyclic feature, in the feature list's order */
  readonly numbers: readonly NumberColumn[]
  /** Categories are the categorical features in the feature list's order, then each number's flag. */
  readonly tree: CategoryTree
  readonly groupings: readonly Grouping[]
  /** Predict what the pairs of some groupings determine, where the pair itself was not seen. */
  readonly places: readonly Places[]
  /** Flag states that stand in the context as 0 or 1. */
  readonly indicators: readonly { readonly number: number; readonly state: 'missing' | 'usual' }[]
  /** [dim][…]; groupings whose medians a number is measured from, the one that leaves least first */
  readonly anchors: readonly (readonly number[])[]
  /** [contextDim]; mean and deviation of the training context */
  readonly contextCentre: Float32Array
  readonly contextScale: Float32Array
  /** [dim]; sigma of the noise that the flow was or is to be trained with, in z */
  readonly noise: Float32Array
}

export function rowDim({ numbers }: Encoder): number {
  return numbers.length
}

export function contextDim({ contextCentre }: Encoder): number {
  return contextCentre.length
}

/** Columns of the context that one grouping fills. */
export function groupWidth({ numbers }: Encoder): number {
  return 2 * numbers.length + 2
}
