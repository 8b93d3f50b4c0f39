import type { Shapes } from '../bijectors/part.js'
import type { FlowSpec, FlowState } from '../flows/flow-state.js'
import type { BaseDistribution } from './base-distribution.js'
import { mixtureBase, mixtureShapes, standardMixture } from './gaussian-mixture.js'
import { standardNormal, studentT } from './independent-columns.js'

/** The base distribution of a flow; standard normal unless the spec names another. To add one, extend this, `baseShapes` and `BaseSpec`. */
export function baseOf({ spec: { dim, base }, weights }: FlowState): BaseDistribution {
  if (base === undefined) return standardNormal(dim)
  return base.kind === 'student' ? studentT(base.degreesOfFreedom, dim) : mixtureBase(weights, dim)
}

/** Names and shapes of a base's weights. Training steps do not change them. */
export function baseShapes({ dim, base }: FlowSpec): Shapes {
  return base?.kind === 'mixture' ? mixtureShapes(base.components, dim) : new Map()
}

/** The base's weights before a fit. */
export function unfittedBase({ dim, base }: FlowSpec): FlowState['weights'] {
  return base?.kind === 'mixture' ? standardMixture(base.components, dim) : new Map()
}
