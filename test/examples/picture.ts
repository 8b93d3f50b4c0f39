import { encode } from 'fast-png'

/** Numbers as colours, from dark blue over violet to sand: [pixels] → [pixels, 3]; 0 is darkest, the largest lightest. */
export function pictureOf(numbers: Float64Array): Uint8Array {
  const largest = numbers.reduce((most, each) => Math.max(most, each), 0)
  const colours = new Uint8Array(3 * numbers.length)
  numbers.forEach((number, pixel) => {
    // The square root makes thin regions visible next to dense ones.
    colours.set(colourAt(largest > 0 ? Math.sqrt(number / largest) : 0), 3 * pixel)
  })
  return colours
}

/**
 * Pictures in rows and columns, with a rim around each, as a PNG file.
 *
 * @param pictures  rows of pictures, each [side, side, 3]
 */
export function sheetOf(pictures: readonly (readonly Uint8Array[])[], side: number): Uint8Array {
  const pitch = side + RIM
  const width = RIM + pitch * pictures[0]!.length
  const height = RIM + pitch * pictures.length
  const data = new Uint8Array(3 * width * height).fill(255)
  pictures.forEach((row, line) => {
    row.forEach((picture, column) => {
      for (let y = 0; y < side; y++) {
        const to = (RIM + line * pitch + y) * width + RIM + column * pitch
        data.set(picture.subarray(3 * y * side, 3 * (y + 1) * side), 3 * to)
      }
    })
  })
  return encode({ width, height, data, channels: 3, depth: 8 })
}

const RIM = 4

const STOPS = [
  [13, 8, 35],
  [87, 21, 110],
  [187, 55, 84],
  [249, 142, 9],
  [252, 253, 200],
] as const

function colourAt(share: number): readonly number[] {
  const place = Math.min(share, 1) * (STOPS.length - 1)
  const below = Math.min(Math.floor(place), STOPS.length - 2)
  return [0, 1, 2].map((channel) => {
    const [from, to] = [STOPS[below]![channel]!, STOPS[below + 1]![channel]!]
    return Math.round(from + (place - below) * (to - from))
  })
}
