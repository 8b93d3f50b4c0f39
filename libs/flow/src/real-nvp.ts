import type { RealNvpSpec } from './flow-state.js'
import { actnormPart } from './parts/actnorm-part.js'
import { affineCouplingPart } from './parts/affine-coupling-part.js'
import type { Part } from './parts/part.js'

/**
 * A layer of RealNVP for tables: actnorm, affine coupling.
 *
 * @see Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803
 */
export function realNvpLayer(spec: RealNvpSpec, layer: number): readonly Part[] {
  return [actnormPart(layer, spec.dim), affineCouplingPart(layer, spec)]
}
