/**
 * Measures how well anomalies are found in series of one value over time, with the features that `outflow train` infers:
 *
 *     npm run bench:series -- --data DIR [--half 1|2] [--seeds N] [--json FILE]
 *
 * Every `*.csv` of DIR is a series with the columns timestamp, value and label. The label is 1 inside a window that contains an anomaly; the fit
 * does not read it. Two protocols, both at a rate of 1 %:
 *
 * - whole: the detector is fitted to the whole series and scores all of it. Reported: AUROC of the rows inside windows, and windows found.
 * - later: it is fitted to the first 30 %. Reported for the rest: windows found, and the share of anomalies among rows outside windows.
 *
 * The baseline is |value − median| / MAD of the fitted rows, with the rows beyond its 99 % quantile as anomalies. `--half` takes every second
 * series by name: choose settings on one half, and report the other once.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { openDetector, scoreFile } from '@outflow/detector'
import type { RecordFile } from '@outflow/records'
import { meanOf } from '../../libs/flow/src/mean.js'
import { fitFile } from './fit-file.js'
import { medianOf } from './median.js'
import { benchOptions } from './options.js'
import { rank } from './ranking.js'
import { type Line, makeReport } from './report.js'

const ALERT_RATE = 0.01
const FITTED_SHARE = 0.3

const options = benchOptions({ data: null, half: null, seeds: 1 })
if (options.data === undefined) throw new Error('--data DIR: which folder holds the series (*.csv)?')
const folder = options.data
const all = (await readdir(folder)).filter((file) => file.endsWith('.csv')).sort()
const files = options.half === undefined ? all : all.filter((_, at) => at % 2 === Number(options.half) - 1)

interface Series {
  readonly name: string
  readonly lines: readonly string[]
  readonly values: readonly number[]
  readonly isLabelled: readonly boolean[]
}

/** Scores of all rows, higher is less likely, and which of them are anomalies at the rate. */
interface Flagged {
  readonly score: ArrayLike<number>
  readonly isAnomaly: readonly boolean[]
}

type Method = (series: Series, fitted: number, seed: number) => Promise<Flagged>

const METHODS: Readonly<Record<string, Method>> = { outflow: byOutflow, baseline: byDeviation }

const report = makeReport(options.json)
const runs: (Awaited<ReturnType<typeof measure>> & { readonly series: string; readonly method: string })[] = []
for (const file of files) {
  const series = await readSeries(file)
  for (const [method, scored] of Object.entries(METHODS)) {
    for (let seed = 0; seed < (method === 'outflow' ? options.seeds : 1); seed++) {
      runs.push({ series: series.name, method, ...(await measure(series, scored, seed)) })
    }
    console.error(JSON.stringify(runs.at(-1)))
  }
}
report.table(
  'by series, means over the seeds',
  files.flatMap((file) => Object.keys(METHODS).map((method) => lineOf(file.replace(/\.csv$/, ''), method))),
)
report.table(
  'all series',
  Object.keys(METHODS).map((method) => lineOf(null, method)),
)

async function readSeries(file: string): Promise<Series> {
  const [header, ...rows] = (await readFile(join(folder, file), 'utf8')).trim().split(/\r?\n/)
  if (header !== 'timestamp,value,label') throw new Error(`${file}: the columns are not timestamp,value,label`)
  const cells = rows.map((row) => row.split(','))
  return {
    name: file.replace(/\.csv$/, ''),
    lines: cells.map(([timestamp, value]) => `${timestamp},${value}\n`),
    values: cells.map(([, value]) => Number(value)),
    isLabelled: cells.map(([, , label]) => label === '1'),
  }
}

async function measure(series: Series, scored: Method, seed: number) {
  const rows = series.values.length
  const fitted = Math.floor(FITTED_SHARE * rows)
  const whole = await scored(series, rows, seed)
  const later = await scored(series, fitted, seed)
  const outside = series.isLabelled.map((isLabelled, row) => row >= fitted && !isLabelled)
  return {
    auroc: rank(whole.score, series.isLabelled).auroc,
    windows: windowsOf(series, 0).length,
    windowsFound: foundOf(windowsOf(series, 0), whole),
    laterWindows: windowsOf(series, fitted).length,
    laterWindowsFound: foundOf(windowsOf(series, fitted), later),
    laterAnomalyShare: outside.filter((is, row) => is && later.isAnomaly[row]).length / outside.filter(Boolean).length,
  }
}

/** Rows of each run of labelled rows that begins at row `from` or later. */
function windowsOf({ isLabelled }: Series, from: number): readonly (readonly number[])[] {
  const windows: number[][] = []
  isLabelled.forEach((is, row) => {
    if (!is) return
    if (row > 0 && isLabelled[row - 1]) windows.at(-1)?.push(row)
    else if (row >= from) windows.push([row])
  })
  return windows
}

function foundOf(windows: readonly (readonly number[])[], { isAnomaly }: Flagged): number {
  return windows.filter((rows) => rows.some((row) => isAnomaly[row])).length
}

async function byOutflow({ name, lines }: Series, fitted: number, seed: number): Promise<Flagged> {
  const { artefact } = await fitFile(fileOf(name, lines.slice(0, fitted)), { seed, alertRate: ALERT_RATE })
  const detector = await openDetector(artefact)
  const score: number[] = []
  const isAnomaly: boolean[] = []
  for await (const { nll, pValue } of scoreFile(detector, fileOf(name, lines))) {
    score.push(...nll)
    isAnomaly.push(...Array.from(pValue, (p) => p <= ALERT_RATE))
  }
  await detector.close()
  return { score, isAnomaly }
}

function fileOf(name: string, lines: readonly string[]): RecordFile {
  const bytes = Readable.from(['timestamp,value\n', ...lines].map((line) => Buffer.from(line)))
  return { name, format: 'csv', bytes }
}

async function byDeviation({ values }: Series, fitted: number): Promise<Flagged> {
  const middle = medianOf(values.slice(0, fitted))
  const deviation = values.map((value) => Math.abs(value - middle))
  const spread = medianOf(deviation.slice(0, fitted))
  const score = deviation.map((own) => own / spread)
  const threshold = score.slice(0, fitted).toSorted((a, b) => a - b)[Math.floor((1 - ALERT_RATE) * fitted)]!
  return { score, isAnomaly: score.map((own) => own > threshold) }
}

/** @param series  null: all of them */
function lineOf(series: string | null, method: string): Line {
  const own = runs.filter((run) => run.method === method && (series === null || run.series === series))
  const mean = (of: (run: (typeof runs)[number]) => number) => meanOf(own.map(of))
  const perSeed = (of: (run: (typeof runs)[number]) => number) => mean(of) * (series === null ? files.length : 1)
  return {
    ...(series !== null && { series }),
    method,
    'whole: AUROC': mean(({ auroc }) => auroc),
    'whole: windows found': perSeed(({ windowsFound }) => windowsFound),
    'of whole': perSeed(({ windows }) => windows),
    'later: windows found': perSeed(({ laterWindowsFound }) => laterWindowsFound),
    'of later': perSeed(({ laterWindows }) => laterWindows),
    'later: % of rows outside windows': mean(({ laterAnomalyShare }) => 100 * laterAnomalyShare),
  }
}
