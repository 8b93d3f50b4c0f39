/** A reproducible stream of random numbers. */
export interface Random {
  /** Uniform on [0, 1). */
  uniform(): number
  /** Standard normal. */
  normal(): number
  /** A whole number, uniform on 0 … bound − 1. */
  below(bound: number): number
  /** An index, drawn with probability proportional to its weight; uniform if all weights are 0. */
  weighted(weights: Float64Array): number
  /** The numbers 0 … count − 1 in random order. */
  permutation(count: number): Uint32Array
}

/**
 * The random stream of a seed and a purpose. Streams of different purposes are independent: more draws from one (a longer fit)
 * do not change another (the masks).
 *
 * @see the sfc32 generator of Doty-Humphrey's PractRand; Marsaglia's polar method for normals
 */
export function seededRandom(seed: number, purpose: string): Random {
  const next = sfc32(`${seed}/${purpose}`)
  const uniform = () => next() / WORDS
  const below = (bound: number) => Math.floor(uniform() * bound)
  let spare = Number.NaN
  const normal = () => {
    if (!Number.isNaN(spare)) {
      const held = spare
      spare = Number.NaN
      return held
    }
    for (;;) {
      const u = 2 * uniform() - 1
      const v = 2 * uniform() - 1
      const square = u * u + v * v
      if (square === 0 || square >= 1) continue
      const radius = Math.sqrt((-2 * Math.log(square)) / square)
      spare = v * radius
      return u * radius
    }
  }
  const weighted = (weights: Float64Array) => {
    let left = uniform() * weights.reduce((sum, weight) => sum + weight, 0)
    const drawn = weights.findIndex((weight) => {
      left -= weight
      return left < 0
    })
    return drawn < 0 ? below(weights.length) : drawn
  }
  const permutation = (count: number) => {
    const order = Uint32Array.from({ length: count }, (_, index) => index)
    for (let last = count - 1; last > 0; last--) {
      const other = below(last + 1)
      const held = order[last]!
      order[last] = order[other]!
      order[other] = held
    }
    return order
  }
  return { uniform, normal, below, weighted, permutation }
}

/** Whole 32-bit numbers; the state is an FNV hash of the text with three salts, then mixed in 20 rounds. */
function sfc32(text: string): () => number {
  const hash = (salt: number) => {
    let state = 0x811c9dc5 ^ salt
    for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193)
    return state
  }
  let [a, b, c, counter] = [hash(0), hash(0x9e3779b9), hash(0x85ebca6b), 1]
  const next = () => {
    const drawn = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + drawn) | 0
    return drawn >>> 0
  }
  for (let round = 0; round < 20; round++) next()
  return next
}

/** 2³². */
const WORDS = 2 ** 32
