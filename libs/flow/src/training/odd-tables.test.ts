import { describe, expect, it, vi } from 'vitest'
import { NotFiniteError } from '../errors.js'
import { type FlowSpec, flowSpec } from '../flows/flow-state.js'
import { seededRandom } from '../random.js'
import { sampleFlow } from '../scoring/sample.js'
import { openScorer } from '../scoring/scorer.js'
import { openBackend } from '../tensor/backend.js'
import { FIT_DEFAULTS } from './fit-options.js'
import { train } from './train.js'

vi.setConfig({ testTimeout: 60_000 })

interface Table {
  readonly dim: number
  /** [count, dim] */
  readonly rows: Float32Array
}

function aTable(dim: number, count: number, cell: (normal: number, row: number, column: number) => number): Table {
  const random = seededRandom(3, 'odd tables')
  const rows = Float32Array.from({ length: dim * count }, (_, at) =>
    cell(random.normal(), Math.floor(at / dim), at % dim),
  )
  return { dim, rows }
}

/** Tables that are not standardised, or remain difficult when they are. */
const TABLES: Readonly<Record<string, Table>> = {
  'a constant column': aTable(3, 60, (normal, _, column) => (column === 1 ? 7 : normal)),
  'nothing but constants': aTable(2, 60, () => 3),
  'a duplicated column': aTable(3, 60, (normal, row, column) => (column < 2 ? Math.sin(row * row) : normal)),
  'columns a trillion wide': aTable(2, 60, (normal) => 1e12 * normal),
  'columns at the end of float32': aTable(2, 60, (normal) => 1e37 * normal),
  'columns of denormal numbers': aTable(2, 60, (normal) => 1e-40 * normal),
  'whole numbers': aTable(2, 60, (normal) => Math.round(2 * normal)),
  'Cauchy tails': aTable(2, 60, (normal, row) => normal / Math.sin(row + 0.1)),
  'one column': aTable(1, 60, (normal) => normal),
  'the fewest rows': aTable(2, 20, (normal) => normal),
}

const backend = await openBackend()

const KINDS = ['realnvp', 'glow', 'spline'] as const
const settingsOf = (spec: FlowSpec, maxSteps = 20) => ({
  ...FIT_DEFAULTS,
  spec,
  noise: new Float32Array(spec.dim).fill(0.05),
  maxSteps,
})

/** Fits a table and checks that every score and sample is finite, or that scoring throws a NotFiniteError. */
async function staysFinite(spec: FlowSpec, { dim, rows }: Table, maxSteps?: number): Promise<void> {
  const { flow, report } = await train({ rows }, settingsOf(spec, maxSteps), backend)
  expect([...report.trainNll, ...report.validationNll].every(Number.isFinite)).toBe(true)
  const scorer = await openScorer(flow)
  expect((await scorer.nll(rows)).every(Number.isFinite)).toBe(true)
  for (const far of [1e4, -1e10, 1e30, 3.4e38, -3.4e38, 1e-45]) {
    const scored = await scorer.nll(new Float32Array(dim).fill(far)).catch((error: unknown) => error)
    if (scored instanceof Float64Array) expect(scored.every(Number.isFinite), `scored at ${far}`).toBe(true)
    else expect(scored, `refused at ${far}`).toBeInstanceOf(NotFiniteError)
    // The encoder clamps rows to ±1e4, and all of these have a likelihood.
    if (Math.abs(far) <= 1e4) expect(scored).toBeInstanceOf(Float64Array)
  }
  await scorer.close()
  const drawn = await sampleFlow(flow, { count: 20, seed: 1 })
  expect(drawn.every(Number.isFinite)).toBe(true)
}

describe.each(KINDS)('every result is finite with a flow of the kind %s', (kind) => {
  it.each(Object.keys(TABLES))('of %s', async (table) => {
    const { dim } = TABLES[table]!
    await staysFinite({ ...flowSpec(kind, dim), layers: 2, hidden: [8] }, TABLES[table]!)
  })
})

it.each(KINDS)('every result is finite for many more columns than rows, with a flow of the kind %s', async (kind) => {
  const table = aTable(200, 40, (normal) => normal)
  const spec = { ...flowSpec(kind, 200), layers: 1, hidden: [4] }
  await staysFinite(spec, table, 2)
})
