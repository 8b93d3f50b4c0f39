import { actnormPart } from '../bijectors/actnorm-part.js'
import { mixingPart } from '../bijectors/linear-mixing-part.js'
import type { Part } from '../bijectors/part.js'
import { splineCouplingPart } from '../bijectors/spline-coupling-part.js'
import type { SplineSpec } from './flow-state.js'

/**
 * A layer of a neural spline flow: actnorm, linear mixing, rational-quadratic spline coupling.
 *
 * @see Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032
 */
export function splineLayer(spec: SplineSpec, layer: number): readonly Part[] {
  return [actnormPart(layer, spec.dim), mixingPart(layer, spec.dim), splineCouplingPart(layer, spec)]
}
