import type { Shapes } from '../bijectors/part.js'
import type { FlowSpec, FlowState } from '../flows/flow-state.js'
import type { BaseDistribution } from './base-distribution.js'
import { mixtureBase, mixtureShapes, standardMixture } from './gaussian-mixture.js'
import { standardNormal } from './standard-normal.js'

/** The base distribution of a flow; standard normal unless the spec names another. To add one, extend this, `baseShapes` and `FlowSizes`. */
export function baseOf({ spec: { dim, base }, weights }: FlowState): BaseDistribution {
  return base === undefined ? standardNormal(dim) : mixtureBase(weights, dim)
}

/** Names and shapes of a base's weights. Training steps do not change them. */
export function baseShapes({ dim, base }: FlowSpec): Shapes {
  return base ? mixtureShapes(base.components, dim) : new Map()
}

export function unfittedBase({ dim, base }: FlowSpec): FlowState['weights'] {
  return base ? standardMixture(base.components, dim) : new Map()
}
