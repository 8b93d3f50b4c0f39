import type { SplineSpec } from './flow-state.js'
import { actnormPart } from './parts/actnorm-part.js'
import { mixingPart } from './parts/mixing-part.js'
import type { Part } from './parts/part.js'
import { splineCouplingPart } from './parts/spline-coupling-part.js'

/**
 * A layer of a neural spline flow: actnorm, linear mixing, rational-quadratic spline coupling.
 *
 * @see Durkan, Bekasov, Murray & Papamakarios 2019, arXiv:1906.04032
 */
export function splineLayer(spec: SplineSpec, layer: number): readonly Part[] {
  return [actnormPart(layer, spec.dim), mixingPart(layer, spec.dim), splineCouplingPart(layer, spec)]
}
