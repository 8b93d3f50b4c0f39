import { actnormPart } from '../bijectors/actnorm-part.js'
import { affineCouplingPart } from '../bijectors/affine-coupling-part.js'
import { mixingPart } from '../bijectors/linear-mixing-part.js'
import type { Part } from '../bijectors/part.js'
import type { GlowSpec } from './flow-state.js'

/**
 * A layer of Glow for tables: actnorm, linear mixing, affine coupling.
 *
 * @see Kingma & Dhariwal 2018, arXiv:1807.03039
 */
export function glowLayer(spec: GlowSpec, layer: number): readonly Part[] {
  return [actnormPart(layer, spec.dim), mixingPart(layer, spec.dim), affineCouplingPart(layer, spec)]
}
