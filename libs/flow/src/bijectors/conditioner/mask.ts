import type { Weights } from '../../flows/flow-state.js'
import type { Random } from '../../random.js'

/** [dim]; 1 holds a feature (it passes through and conditions), 0 moves it. */
export type Mask = readonly (0 | 1)[]

/**
 * Random half masks in complementary pairs: the features that one layer holds, the next one moves. Every two layers move
 * every feature once, and each pair has a new random split.
 *
 * With one feature, every layer moves it, conditioned on the context only.
 *
 * @returns one mask of [dim] per layer
 */
export function halfMasks(dim: number, layers: number, random: Random): readonly Mask[] {
  if (dim === 1) return Array.from({ length: layers }, () => [0])
  const masks: Mask[] = []
  while (masks.length < layers) {
    const held = new Set(random.permutation(dim).subarray(0, dim >> 1))
    const mask = Array.from({ length: dim }, (_, feature) => (held.has(feature) ? 1 : 0))
    masks.push(mask, complement(mask))
  }
  return masks.slice(0, layers)
}

function complement(mask: Mask): Mask {
  return mask.map((held) => (held === 1 ? 0 : 1))
}

/** The features that a mask moves, and those that it holds. */
export function halvesOf(mask: Mask): { readonly moved: readonly number[]; readonly held: readonly number[] } {
  const on = (side: 0 | 1) => mask.flatMap((each, feature) => (each === side ? [feature] : []))
  return { moved: on(0), held: on(1) }
}

export const maskName = (layer: number) => `layers.${layer}.mask`

/** The mask of a layer, from a flow's weights. */
export function maskOf(weights: Weights, layer: number): Mask {
  return Array.from(weights.get(maskName(layer))!.data, (held) => (held === 1 ? 1 : 0))
}
