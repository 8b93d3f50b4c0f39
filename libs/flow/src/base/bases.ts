import type { Shapes } from '../bijectors/part.js'
import type { FlowSpec, FlowState } from '../flows/flow-state.js'
import type { BaseDistribution } from './base-distribution.js'
import { mixtureBase, mixtureShapes, standardMixture } from './gaussian-mixture.js'
import { standardNormal, studentT } from './independent-columns.js'

/** The base of a flow: what its spec asks for, else standard normal. A new base joins here, in `baseShapes` and in `BaseSpec`. */
export function baseOf({ spec: { dim, base }, weights }: FlowState): BaseDistribution {
  if (base === undefined) return standardNormal(dim)
  return base.kind === 'student' ? studentT(base.degreesOfFreedom, dim) : mixtureBase(weights, dim)
}

/** Names and shapes of the weights that a base has; no step of a fit moves them. */
export function baseShapes({ dim, base }: FlowSpec): Shapes {
  return base?.kind === 'mixture' ? mixtureShapes(base.components, dim) : new Map()
}

/** Those weights before rows were seen. */
export function unfittedBase({ dim, base }: FlowSpec): FlowState['weights'] {
  return base?.kind === 'mixture' ? standardMixture(base.components, dim) : new Map()
}
