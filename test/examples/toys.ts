import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Rows of two columns, approximately standardised, [count, 2]; the same for the same seed. */
export type Toy = (count: number, seed: number) => Float32Array

/** Two interleaved half circles. */
export const moons: Toy = makeToy(({ uniform, normal }) => {
  const angle = Math.PI * uniform()
  const isUpper = uniform() < 0.5
  const [x, y] = isUpper ? [Math.cos(angle), Math.sin(angle)] : [1 - Math.cos(angle), 0.5 - Math.sin(angle)]
  return [1.15 * (x - 0.5) + 0.07 * normal(), 2 * (y - 0.25) + 0.1 * normal()]
})

/** Three concentric circles. */
export const rings: Toy = makeToy(({ uniform, normal }) => {
  const angle = 2 * Math.PI * uniform()
  const radius = 0.65 * (1 + Math.floor(3 * uniform())) + 0.06 * normal()
  return [radius * Math.cos(angle), radius * Math.sin(angle)]
})

/** Five curved arms of a pinwheel. */
export const pinwheel: Toy = makeToy(({ uniform, normal }) => {
  const along = 1 + 0.3 * normal()
  const across = 0.1 * normal()
  const turn = (2 * Math.PI * Math.floor(5 * uniform())) / 5 + 0.25 * Math.exp(along)
  const [sine, cosine] = [Math.sin(turn), Math.cos(turn)]
  return [1.4 * (along * cosine - across * sine), 1.4 * (along * sine + across * cosine)]
})

interface ToyRandom {
  uniform(): number
  normal(): number
}

function makeToy(row: (random: ToyRandom) => readonly [number, number]): Toy {
  return (count, seed) => {
    const random = toyRandom(seed)
    return Float32Array.from(Array.from({ length: count }, () => row(random)).flat())
  }
}

/** Standard normal numbers; the same for the same seed. */
export function normals(length: number, seed: number): Float64Array {
  const { normal } = toyRandom(seed)
  return Float64Array.from({ length }, normal)
}

function toyRandom(seed: number): ToyRandom {
  const random = xoroshiro128plus(seed)
  const uniform = () => uniformFloat64(random)
  // Box-Muller; 1 − u is never 0.
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
  return { uniform, normal }
}
