/**
 * Measures how well planted errors are found in tables of numbers and categories: `npm run bench:mixed -- [--seeds N] [--json FILE]`.
 *
 * A detector is fitted, as by `outflow train` with its defaults, to a random 70 % of each table's rows. Errors of each kind are planted in copies of
 * the other rows, one per copy, and ranked by NLL against the unchanged rows. Copies that are anomalies, and were not before, are
 * explained: is the first reason the field with the error? The tables are those of the npm package `vega-datasets`; its flights have a
 * separate bench.
 */
import { readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import type { Feature } from '@outflow/contracts'
import { featureName } from '@outflow/contracts/feature'
import { openDetector } from '@outflow/detector'
import { makeReader, readRecords } from '@outflow/records'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { meanOf } from '../../libs/flow/src/mean.js'
import { FILE_ALERT_RATE } from '../../services/cli/src/options.js'
import { sound } from '../support/sound.js'
import { fitFile } from './fit-file.js'
import { benchOptions } from './options.js'
import { auroc } from './ranking.js'
import { type Line, makeReport } from './report.js'
import { shuffled } from './shuffled.js'

type Row = Readonly<Record<string, unknown>>

const TABLES = ['birdstrikes.csv', 'cars.json', 'movies.json', 'penguins.json', 'weather.csv'] as const
const FITTED = 0.7
const MOST_PLANTED = 1_000
/** Miles and kilometres, feet and metres, minutes and seconds, thousands, per cent, pounds and kilogrammes. */
const FACTORS = [1.609344, 0.3048, 60, 1_000, 0.01, 0.45359237]

const { json, seeds } = benchOptions({ seeds: 3 })

const ERRORS = ['unit', 'swap', 'other row', 'category'] as const
type ErrorKind = (typeof ERRORS)[number]
const KINDS = [...ERRORS, 'mean'] as const
const report = makeReport(json)

const tables: Line[] = []
const explained: Explained[] = []
for (const table of TABLES) {
  const rows = await readTable(table)
  const runs: Run[] = []
  for (let seed = 0; seed < seeds; seed++) runs.push(await measure(table, rows, seed))
  explained.push(...runs.flatMap((run) => run.explained))
  const of = (key: (typeof KINDS)[number] | 'fit s') => meanOf(runs.map((run) => run[key]))
  tables.push({
    ...{ table: table.replace(/\..*/, ''), rows: runs[0]!.rows, columns: runs[0]!.columns },
    ...Object.fromEntries([...KINDS, 'fit s' as const].map((key) => [key, of(key)])),
  })
}
const overall = Object.fromEntries(KINDS.map((key) => [key, meanOf(tables.map((line) => Number(line[key])))]))
report.table('AUROC of planted errors', [
  ...tables,
  { table: 'mean', rows: null, columns: null, ...overall, 'fit s': null },
])
report.table(
  'reasons of planted errors that are anomalies',
  ERRORS.map((kind) => {
    const own = explained.filter((each) => each.kind === kind)
    const share = (is: (each: Explained) => boolean) => own.filter(is).length / own.length
    return {
      ...{ kind, anomalies: own.length, 'planted field first': share(({ rank }) => rank === 0) },
      'planted field among them': share(({ rank }) => rank >= 0),
    }
  }),
)

async function readTable(name: string): Promise<readonly Row[]> {
  const bytes = await readFile(new URL(`../../node_modules/vega-datasets/data/${name}`, import.meta.url))
  if (name.endsWith('.json')) return JSON.parse(bytes.toString()) as Row[]
  const rows: Row[] = []
  for await (const batch of readRecords({ name, bytes: Readable.from([bytes]), format: 'csv' })) {
    rows.push(...batch.map(({ record }) => Object.fromEntries(Object.entries(record).map(asNumber))))
  }
  return rows
}

/** A cell with a number becomes one, and an empty one null. */
function asNumber([name, cell]: [string, unknown]): [string, unknown] {
  if (cell === '') return [name, null]
  return [name, Number.isFinite(Number(cell)) ? Number(cell) : cell]
}

type Run = Awaited<ReturnType<typeof measure>>

async function measure(table: string, rows: readonly Row[], seed: number) {
  const order = shuffled(rows, seed)
  const fitted = order.slice(0, Math.floor(FITTED * rows.length))
  const rest = order.slice(fitted.length)
  const { features, artefact, fitSeconds } = await fitFile(
    {
      name: table,
      bytes: Readable.from(fitted.map((row) => Buffer.from(`${JSON.stringify(row)}\n`))),
      format: 'ndjson',
    },
    { seed },
  )
  const detector = await openDetector(artefact)
  const read = makeReader(features)
  const normal = (await detector.score(rest.map((row) => sound(read(row))))).nll
  const plants: Readonly<Record<ErrorKind, Plant>> = {
    unit: wrongUnit(features),
    swap: swapped(features),
    'other row': fromOtherRow(features, 'numeric'),
    category: fromOtherRow(features, 'categorical'),
  }
  const found = { unit: 0, swap: 0, 'other row': 0, category: 0 }
  const explained: Explained[] = []
  for (const kind of ERRORS) {
    const errors = planted(rest, rows, plants[kind], seed)
    const before = await detector.score(errors.map(({ row }) => sound(read(row))))
    const changed = errors.map((error) => sound(read(error.changed)))
    const { nll, pValue } = await detector.score(changed)
    found[kind] = auroc(nll, normal)
    const isFound = (at: number) => pValue[at]! <= FILE_ALERT_RATE && before.pValue[at]! > FILE_ALERT_RATE
    const anomalies = [...errors.keys()].filter(isFound)
    const explanations = await detector.explain(anomalies.map((at) => changed[at]!))
    for (const [place, { reasons }] of explanations.entries()) {
      const error = errors[anomalies[place]!]!
      explained.push({ kind, rank: reasons.findIndex(({ field }) => error.changed[field] !== error.row[field]) })
    }
  }
  await detector.close()
  const size = { rows: fitted.length, columns: features.length }
  return { ...size, ...found, mean: meanOf(Object.values(found)), 'fit s': fitSeconds, explained }
}

/** An anomaly that a planted error makes. */
interface Explained {
  readonly kind: ErrorKind
  /** Of the first reason that is a field with the error; −1: none is */
  readonly rank: number
}

/** The row with an error; null if the error would change nothing. `below` draws whole numbers. */
type Plant = (row: Row, other: Row, below: (limit: number) => number) => Row | null

/** Rows, each with an error in a copy. */
function planted(rest: readonly Row[], rows: readonly Row[], plant: Plant, seed: number) {
  const random = xoroshiro128plus(seed + 1)
  const below = (limit: number) => uniformInt(random, 0, limit - 1)
  return rest.slice(0, MOST_PLANTED).flatMap((row) => {
    const changed = plant(row, rows[below(rows.length)]!, below)
    return changed === null ? [] : [{ row, changed }]
  })
}

function namesOf(features: readonly Feature[], type: 'numeric' | 'categorical'): readonly string[] {
  return features.filter((feature) => feature.type === type).map(featureName)
}

function wrongUnit(features: readonly Feature[]): Plant {
  const names = namesOf(features, 'numeric')
  return (row, _, below) => {
    const name = names[below(names.length)]!
    const value = row[name]
    return typeof value !== 'number' || value === 0 ? null : { ...row, [name]: value * FACTORS[below(FACTORS.length)]! }
  }
}

function swapped(features: readonly Feature[]): Plant {
  const names = namesOf(features, 'numeric')
  return (row, _, below) => {
    const [a, b] = [names[below(names.length)]!, names[below(names.length)]!]
    const [x, y] = [row[a], row[b]]
    return typeof x !== 'number' || typeof y !== 'number' || x === y ? null : { ...row, [a]: y, [b]: x }
  }
}

function fromOtherRow(features: readonly Feature[], type: 'numeric' | 'categorical'): Plant {
  const names = namesOf(features, type)
  return (row, other, below) => {
    const name = names[below(names.length)]!
    const value = other[name]
    return value === row[name] || value === null || row[name] === null ? null : { ...row, [name]: value }
  }
}
