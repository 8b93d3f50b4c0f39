import type { Feature } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { decodeModel } from './artefact.js'
import { readerOf, seededDraws } from './test-draws.js'
import { fitSmall, openInTest } from './test-training.js'

const { uniform, normal } = seededDraws(11)

type Column = (row: number) => number | string | null

/** Columns that are difficult to model. */
const COLUMNS: Readonly<Record<string, Column>> = {
  'never varies': () => 4,
  'is missing in every record': () => null,
  'is missing in every other record': (row) => (row % 2 === 0 ? null : normal()),
  'repeats a function of the row': (row) => Math.sin(row),
  'is a trillion wide': () => 1e12 * normal(),
  'is narrow around a trillion': () => 1e12 + normal(),
  'is counted in whole numbers': () => Math.floor(10 * uniform()),
  'has Cauchy tails': () => Math.tan(Math.PI * (uniform() - 0.5)),
  'has the largest accepted range': () => 1e300 * (2 * uniform() - 1),
  'has denormal numbers': () => 1e-310 * normal(),
  'is constant but for one record': (row) => (row === 7 ? 1e9 : 1),
}

/** Few steps suffice: results that are not finite occur when rows are encoded or decoded, or in the first steps. */
const FEW_STEPS = 40

async function train(columns: readonly Column[], count: number, kind: 'realnvp' | 'glow' | 'spline' = 'realnvp') {
  const features: Feature[] = columns.map((_, column) => ({ path: `$.c${column}`, type: 'numeric', optional: true }))
  const read = readerOf(features)
  const records = Array.from({ length: count }, (_, row) =>
    read(Object.fromEntries(columns.map((column, at) => [`c${at}`, column(row)]))),
  )
  const { artefact } = await fitSmall(features, records, {
    model: { kind, layers: 1, hidden: [4] },
    training: { contamination: 0.01, seed: 1 },
    maxSteps: FEW_STEPS,
  })
  return { records, artefact, read }
}

/** Opens the trained model and checks that every number that it returns is finite. */
async function checkFinite({ records, artefact, read }: Awaited<ReturnType<typeof train>>, names: readonly string[]) {
  const detector = await openInTest(artefact)
  const of = (value: unknown) => read(Object.fromEntries(names.map((name) => [name, value])))
  const odd = [1e300, -1e300, 5e-324, 0, -0, null, 1e4].map(of)
  const { nll, pValue } = await detector.score([...records, ...odd])
  expect(nll.every(Number.isFinite)).toBe(true)
  expect(pValue.every((p) => p > 0 && p <= 1)).toBe(true)
  const reasons = await detector.explain([of(1e300), of(null), records[3]!])
  expect(JSON.stringify(reasons)).not.toMatch(/NaN|Infinity|"(expected|bits|low|high)":null/)
  const drawn = await detector.sample(20, 1)
  const values = drawn.flatMap((record) => Object.values(record)).filter((value) => value !== null)
  expect(values.every((value) => Number.isFinite(value))).toBe(true)
}

it.each(['never varies', 'is missing in every record'])(
  'every result is finite for a single column that %s',
  async (name) => {
    await checkFinite(await train([COLUMNS[name]!], 60), ['c0'])
  },
  120_000,
)

it('every result is finite for many more columns than records', async () => {
  const trained = await train(new Array<Column>(200).fill(normal), 40)
  await checkFinite(
    trained,
    [...new Array(200).keys()].map((column) => `c${column}`),
  )
}, 300_000)

it.each(['realnvp', 'glow', 'spline'] as const)(
  'every result is finite for all of these columns together, with a flow of the kind %s',
  async (kind) => {
    const columns = Object.values(COLUMNS)
    const trained = await train(columns, 60, kind)
    expect(decodeModel(trained.artefact).flow?.spec.kind).toBe(kind)
    await checkFinite(
      trained,
      [...columns.keys()].map((column) => `c${column}`),
    )
  },
  120_000,
)
