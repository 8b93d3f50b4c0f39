import { actnormPart } from '../bijectors/actnorm-part.js'
import { affineCouplingPart } from '../bijectors/affine-coupling-part.js'
import type { Part } from '../bijectors/part.js'
import type { RealNvpSpec } from './flow-state.js'

/**
 * A layer of RealNVP for tables: actnorm, affine coupling.
 *
 * @see Dinh, Sohl-Dickstein & Bengio 2017, arXiv:1605.08803
 */
export function realNvpLayer(spec: RealNvpSpec, layer: number): readonly Part[] {
  return [actnormPart(layer, spec.dim), affineCouplingPart(layer, spec)]
}
