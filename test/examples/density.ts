/**
 * Draws the learned densities of three two-dimensional toys next to their data, one row of the picture each.
 *
 * `npm run example:density -- [--kind realnvp|glow|spline] [--steps N] [--out density.png]`
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type FlowKind, type FlowState, fitFlow, flowSpec, openScorer } from '@outflow/flow'
import { pictureOf, sheetOf } from './picture.js'
import { moons, pinwheel, rings, type Toy } from './toys.js'

const { values } = parseArgs({
  options: {
    kind: { type: 'string', default: 'spline' },
    steps: { type: 'string', default: '1500' },
    out: { type: 'string', default: 'density.png' },
  },
})
const kind = values.kind as FlowKind

const ROWS = 20_000
/** Pixels along a side of one picture, and its distance from the centre to an edge. */
const SIDE = 256
const REACH = 2.5
const CELL = (2 * REACH) / SIDE
const NO_CONTEXT = new Float32Array(0)

const toys: Readonly<Record<string, Toy>> = { moons, rings, pinwheel }
const pictures: Uint8Array[][] = []
for (const [name, toy] of Object.entries(toys)) {
  const rows = toy(ROWS, 1)
  const spec = { ...flowSpec(kind, 2), layers: 8, hidden: [48, 48] }
  const noise = Float32Array.of(0.02, 0.02)
  const maxSteps = Number(values.steps)
  const { flow, report } = await fitFlow({ rows, context: NO_CONTEXT }, { spec, seed: 1, noise, maxSteps })
  const density = await densityOf(flow)
  const mass = density.reduce((total, each) => total + each, 0) * CELL * CELL
  const seconds = (report.durationMs / 1000).toFixed(0)
  const nll = Math.min(...report.validationNll).toFixed(3)
  console.log(`${name}: ${nll} nats held out, ${mass.toFixed(4)} of the mass in the picture, ${seconds} s of fitting`)
  pictures.push([pictureOf(countsOf(rows)), pictureOf(density)])
}
writeFileSync(values.out, sheetOf(pictures, SIDE))
console.log(`${values.out}: the data on the left, a ${kind} flow's density on the right`)

/** exp(−nll) at the centre of every pixel, [SIDE, SIDE], the top row first. */
async function densityOf(flow: FlowState): Promise<Float64Array> {
  const grid = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, at) => {
    const pixel = at >> 1
    return at % 2 === 0 ? -REACH + CELL * ((pixel % SIDE) + 0.5) : REACH - CELL * (Math.floor(pixel / SIDE) + 0.5)
  })
  const scorer = await openScorer(flow)
  const nll = await scorer.nll(grid, NO_CONTEXT, SIDE * SIDE)
  await scorer.close()
  return nll.map((nats) => Math.exp(-nats))
}

/** Number of rows in each pixel, in the same order. */
function countsOf(rows: Float32Array): Float64Array {
  const counts = new Float64Array(SIDE * SIDE)
  for (let at = 0; at < rows.length; at += 2) {
    const column = Math.floor((rows[at]! + REACH) / CELL)
    const line = Math.floor((REACH - rows[at + 1]!) / CELL)
    if (column >= 0 && column < SIDE && line >= 0 && line < SIDE) counts[line * SIDE + column]! += 1
  }
  return counts
}
