/**
 * Fits a flow to handwritten digits, draws new ones next to real ones, and prints the bits per pixel.
 *
 * `npm run example:digits -- [--kind realnvp|glow|spline] [--steps N] [--out digits.png]`
 *
 * Pixels are dequantised, scaled into (0.05, 0.95) and transformed by the logit, and then rotated to their principal axes.
 * The flow, whose context is the digit, models the first axes; the other axes, which contain pixel noise, are modelled as standard
 * normal. The Jacobian of every step is counted (that of a rotation is 0), so that the bits are those of all 784 pixels.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { affine, type FlowKind, fitFlow, flowSpec, logit, openScorer, sampleFlow } from '@outflow/flow'
import { CLASSES, type Digits, LEVELS, moved, PIXELS, readDigits, SIDE } from './mnist.js'
import { sheetOf } from './picture.js'
import { principalAxes } from './principal-axes.js'
import { normals } from './toys.js'

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'realnvp' },
    steps: { type: 'string', default: '2500' },
    out: { type: 'string', default: 'digits.png' },
  },
})

/** The first axes, which contain the strokes; the others contain pixel noise. */
const AXES = 128
const HELD_OUT = 1_000
/** Shifts by a pixel to each side and corner: a shifted digit is the same digit, and more rows prevent the flow from memorising the nine thousand. */
const MOVES = [-1, 0, 1].flatMap((right) => [-1, 0, 1].map((down) => [right, down] as const))
/** Digits of each kind in the picture: real ones, ones drawn at temperature 1, the distribution of the flow, and ones drawn at a lower temperature. */
const SHOWN = 7
const COOL = 0.65
const LEAST = 0.05
/** LEAST + (1 − 2·LEAST)·level/256, as a shift and a scale. */
const scale = LEVELS / (1 - 2 * LEAST)
const squeeze = affine(new Array<number>(PIXELS).fill(-LEAST * scale), new Array<number>(PIXELS).fill(scale))
const stretch = logit(PIXELS)

const digits = readDigits(1)
const training = digits.levels.subarray(HELD_OUT * PIXELS)
const axes = principalAxes(transformed(training).values, PIXELS)
const rows = new Float32Array(MOVES.length * (digits.count - HELD_OUT) * AXES)
const context = new Float32Array(MOVES.length * (digits.count - HELD_OUT) * CLASSES)
MOVES.forEach(([right, down], index) => {
  rows.set(axes.rotate(transformed(moved(training, right, down)).values, AXES), (index * rows.length) / MOVES.length)
  context.set(contextOf(digits, HELD_OUT, digits.count), (index * context.length) / MOVES.length)
})

const spec = { ...flowSpec(values.kind as FlowKind, AXES, CLASSES), layers: 8, hidden: [128, 128] }
const noise = new Float32Array(AXES).fill(0.1)
const { flow, report } = await fitFlow({ rows, context }, { spec, noise, maxSteps: Number(values.steps) })
console.log(`${report.steps} steps in ${(report.durationMs / 1000).toFixed(0)} s; step ${report.bestStep} was kept`)
console.log(`${(await bitsPerPixel()).toFixed(3)} bits a pixel on ${HELD_OUT} digits that were held out`)
writeFileSync(values.out, sheetOf(await sheet(), 2 * SIDE))
console.log(
  `${values.out}: ${SHOWN} real digits of each kind, ${SHOWN} drawn ones, ${SHOWN} drawn at temperature ${COOL}`,
)

/** Transforms levels [count, PIXELS] for the axes, and returns the log-det of each. */
function transformed(levels: Float64Array): { values: Float64Array; logDet: Float64Array } {
  const squeezed = squeeze.forwardRows({ values: levels, count: levels.length / PIXELS, width: PIXELS })
  const { value, logDet } = stretch.forwardRows(squeezed.value)
  return { values: value.values, logDet: logDet.map((nats, row) => nats + squeezed.logDet[row]!) }
}

/** One-hot encoding of the digits, [end − from, CLASSES]. */
function contextOf({ labels }: Pick<Digits, 'labels'>, from: number, end: number): Float32Array {
  return Float32Array.from({ length: (end - from) * CLASSES }, (_, at) =>
    labels[from + Math.floor(at / CLASSES)] === at % CLASSES ? 1 : 0,
  )
}

/** Mean of −log₂ p(level + u) over pixels, for the held-out digits. */
async function bitsPerPixel(): Promise<number> {
  const { values: held, logDet } = transformed(digits.levels.subarray(0, HELD_OUT * PIXELS))
  const coordinates = axes.rotate(held)
  const strokes = Float32Array.from({ length: HELD_OUT * AXES }, (_, at) => {
    return coordinates[Math.floor(at / AXES) * PIXELS + (at % AXES)]!
  })
  const scorer = await openScorer(flow)
  const nll = await scorer.nll(strokes, contextOf(digits, 0, HELD_OUT))
  await scorer.close()
  let nats = 0
  for (let row = 0; row < HELD_OUT; row++) {
    nats += nll[row]! - logDet[row]! - axes.logDet
    for (let axis = AXES; axis < PIXELS; axis++) {
      nats += 0.5 * coordinates[row * PIXELS + axis]! ** 2 + 0.5 * Math.log(2 * Math.PI)
    }
  }
  return nats / HELD_OUT / PIXELS / Math.LN2
}

/** One row per digit: real ones, then drawn ones. */
async function sheet(): Promise<Uint8Array[][]> {
  const [free, cool] = [await drawDigits(1), await drawDigits(COOL)]
  return Array.from({ length: CLASSES }, (_, digit) => {
    const real = [...digits.labels.keys()].filter((row) => digits.labels[row] === digit).slice(0, SHOWN)
    const fresh = Array.from({ length: SHOWN }, (_, at) => digit * SHOWN + at)
    return [
      ...real.map((row) => enlarge(digits.levels, row)),
      ...fresh.map((row) => enlarge(free, row)),
      ...fresh.map((row) => enlarge(cool, row)),
    ]
  })
}

/** Levels of SHOWN new digits of each kind, [CLASSES·SHOWN, PIXELS]. */
async function drawDigits(temperature: number): Promise<Float64Array> {
  const count = CLASSES * SHOWN
  const labels = Uint8Array.from({ length: count }, (_, at) => Math.floor(at / SHOWN))
  const strokes = await sampleFlow(flow, { context: contextOf({ labels }, 0, count), count, temperature })
  const coordinates = normals(count * PIXELS, 2).map((z) => temperature * z)
  for (let row = 0; row < count; row++) coordinates.set(strokes.subarray(row * AXES, (row + 1) * AXES), row * PIXELS)
  const back = stretch.inverseAndLogDet({ values: axes.rotateBack(coordinates), count, width: PIXELS }).value
  return squeeze.inverseAndLogDet(back).value.values
}

/** One digit in grey, every pixel four times, [2·SIDE, 2·SIDE, 3]. */
function enlarge(levels: Float64Array, row: number): Uint8Array {
  return Uint8Array.from({ length: 12 * PIXELS }, (_, at) => {
    const [x, y] = [Math.floor(at / 3) % (2 * SIDE), Math.floor(at / 3 / (2 * SIDE))]
    const level = levels[row * PIXELS + (y >> 1) * SIDE + (x >> 1)]!
    return Math.min(Math.max(Math.floor(level), 0), LEVELS - 1)
  })
}
