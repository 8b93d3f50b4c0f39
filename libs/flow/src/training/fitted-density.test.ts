import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { Bijector } from '../bijectors/bijector.js'
import { affine, logit } from '../bijectors/elementwise.js'
import { type FlowKind, type FlowState, flowSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { sampleFlow } from '../scoring/sample.js'
import { openScorer } from '../scoring/scorer.js'
import { openBackend } from '../tensor/backend.js'
import { FIT_DEFAULTS, type FitSettings } from './fit-options.js'
import { train } from './train.js'

vi.setConfig({ testTimeout: 60_000 })
const backend = await openBackend('wasm')

const KINDS = ['realnvp', 'glow', 'spline'] as const

const settingsOf = (kind: FlowKind, dim: number, contextDim = 0): FitSettings => ({
  ...FIT_DEFAULTS,
  spec: { ...flowSpec(kind, dim, contextDim), layers: 3, hidden: [12] },
  noise: new Float32Array(dim).fill(0.05),
  maxSteps: 150,
})

/** exp(−nll) of rows that share a context. */
async function densityOf(flow: FlowState, rows: Float32Array, shared: readonly number[] = []): Promise<Float64Array> {
  const count = rows.length / flow.spec.dim
  const scorer = await openScorer(flow)
  const context = Float32Array.from({ length: count * shared.length }, (_, at) => shared[at % shared.length]!)
  const nll = await scorer.nll(rows, context, count)
  await scorer.close()
  return nll.map((nats) => Math.exp(-nats))
}

/** A square grid around the origin: the middles of its cells, [SIDE², 2], row-major, the first column slowest. */
const [SIDE, REACH] = [240, 9]
const CELL = (2 * REACH) / SIDE
const BINS = 60
const middleOf = (index: number) => (index + 0.5) * CELL - REACH
const GRID = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, at) =>
  middleOf(at % 2 === 0 ? Math.floor(at / 2 / SIDE) : Math.floor(at / 2) % SIDE),
)

const sumOf = (values: ArrayLike<number>) => Array.from(values).reduce((total, value) => total + value, 0)

describe.each(KINDS)('a conditional flow of the kind %s', (kind) => {
  let flow: FlowState
  beforeAll(async () => {
    // A ridge whose direction and width depend on the context: x₁ rises or falls with x₀, the more closely the larger c₁ is.
    const random = seededRandom(2, 'turned ridge')
    const context = Float32Array.from({ length: 4000 }, (_, at) =>
      at % 2 === 0 ? Math.sign(random.uniform() - 0.5) : random.normal(),
    )
    const rows = new Float32Array(4000)
    for (let row = 0; row < 2000; row++) {
      const [sign, closeness] = [context[2 * row]!, context[2 * row + 1]!]
      rows[2 * row] = 0.5 * sign + random.normal()
      rows[2 * row + 1] = sign * rows[2 * row]! + 0.6 * Math.exp(-0.4 * closeness) * random.normal()
    }
    flow = (await train({ rows, context }, settingsOf(kind, 2, 2), backend)).flow
  }, 60_000)

  it.each([
    [-1, 0],
    [1, 0],
    [1, 1.5],
  ])('integrates to 1 given the context %f, %f, and draws from its density', async (...given) => {
    const density = await densityOf(flow, GRID, given)
    expect(Math.abs(sumOf(density) * CELL * CELL - 1)).toBeLessThan(0.005)

    const count = 4000
    const context = Float32Array.from({ length: 2 * count }, (_, at) => given[at % 2]!)
    const drawn = await sampleFlow(flow, { context, count, seed: 5 })
    // Along both columns and across them, the share drawn below any point is the mass below it.
    for (const [a, b] of [
      [1, 0],
      [0, 1],
      [0.5, 0.5],
    ] as const) {
      const shares = new Float64Array(BINS)
      const binOf = (rows: Float32Array, row: number) =>
        Math.floor(((a * rows[2 * row]! + b * rows[2 * row + 1]! + REACH) / (2 * REACH)) * BINS)
      density.forEach((each, cell) => {
        shares[binOf(GRID, cell)]! += each * CELL * CELL
      })
      for (let row = 0; row < count; row++) shares[binOf(drawn, row)]! -= 1 / count
      let [below, widest] = [0, 0]
      for (const share of shares) {
        below += share
        widest = Math.max(widest, Math.abs(below))
      }
      // Kolmogorov and Smirnov's bound for 4,000 draws at one in ten thousand is .035.
      expect(widest).toBeLessThan(0.035)
    }
  })
})

/** Transforms of a column before a flow, with its distribution and range. */
const UNITS: readonly {
  name: string
  transform: Bijector
  draw: (normal: number) => number
  ends: [number, number]
}[] = [
  { name: 'standardised', transform: affine([300], [50]), draw: (normal) => 300 + 50 * normal, ends: [-150, 750] },
  {
    name: 'logits',
    transform: logit(1),
    draw: (normal) => 1 / (1 + Math.exp(-normal)),
    ends: [1e-5, 1 - 1e-5],
  },
]

describe.each(KINDS)('a flow of the kind %s, of one column', (kind) => {
  it.each(UNITS)("integrates to 1 in the column's own units, with $name", async ({ transform, draw, ends }) => {
    const random = seededRandom(7, 'own units')
    const count = 500
    const own = Float64Array.from({ length: count }, () => draw(random.normal()))
    const rows = Float32Array.from(transform.forwardRows({ values: own, count, width: 1 }).value.values)
    const { flow } = await train({ rows }, { ...settingsOf(kind, 1), maxSteps: 60 }, backend)

    // Even steps of the transformed column, mapped back to its own units, where the steps are not even.
    const [from, to] = transform.forwardRows({ values: Float64Array.from(ends), count: 2, width: 1 }).value.values
    const steps = 4000
    const even = Float64Array.from({ length: steps + 1 }, (_, at) => from! + ((to! - from!) * at) / steps)
    const grid = transform.inverseAndLogDet({ values: even, count: steps + 1, width: 1 }).value.values
    const { value, logDet } = transform.forwardRows({ values: grid, count: steps + 1, width: 1 })
    const density = await densityOf(flow, Float32Array.from(value.values))
    const inOwnUnits = density.map((each, at) => each * Math.exp(logDet[at]!))
    let mass = 0
    for (let at = 0; at < steps; at++)
      mass += ((inOwnUnits[at]! + inOwnUnits[at + 1]!) / 2) * (grid[at + 1]! - grid[at]!)
    expect(Math.abs(mass - 1)).toBeLessThan(0.005)
  })
})
