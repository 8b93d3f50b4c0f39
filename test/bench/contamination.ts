/**
 * Measures the cost of anomalies in the training window, and the effect of the measures against them:
 * `npm run bench:contamination`.
 *
 * Protocol: flights as in bench:flights. A window of 5,000 contains 0, 1, 5 or 10 % corrupted flights.
 * Models are fitted to it without any measure, trimmed as by default (1 %), trimmed by the true share, and trimmed by default with verdicts:
 * the corrupted flights among the anomalies are confirmed and left out, and the model is fitted again, up to ten times. Each is
 * tested on 2,000 new clean flights (share of anomalies at 1 %) and 600 new corrupted ones (AUROC, share found).
 *
 * Labels: models are fitted to the same windows, trimmed by 1 % and by the true share. Each is calibrated with 100 sets of 500 flights, drawn
 * from 13,000 others with the same share of corrupted ones, before and after the records that `outflow verdicts ask` offers are labelled.
 * Reported are means over the sets of three windows, because models of different windows differ: the share found of the 600, and the share of
 * anomalies among the clean flights that were not drawn. `--labels` measures only these.
 */
import { configSchema } from '@outflow/contracts'
import { type CalibrationLabel, type Detector, nextToLabel, openDetector, trainDetector } from '@outflow/detector'
import type { Fields } from '@outflow/records/fields'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'
import { calibrationSteps, pValues } from '../../libs/detector/src/calibration/conformal.js'
import { calibrationOf, ranksToLabel, withoutAnomalies } from '../../libs/detector/src/calibration/label-trim.js'
import { fitParetoTail } from '../../libs/detector/src/calibration/pareto-tail.js'
import { meanOf } from '../../libs/flow/src/mean.js'
import { CORRUPTIONS, corrupt, corruptStream } from '../../services/demo/src/flights/corrupt.js'
import { type Flight, loadFlights } from '../../services/demo/src/flights/flights.js'
import { FLIGHT_FEATURES, fieldsOf } from './flight-fields.js'
import { benchOptions } from './options.js'
import { auroc, flaggedShare } from './ranking.js'
import { type Line, makeReport } from './report.js'
import { shuffled } from './shuffled.js'

const ALERT_RATE = 0.01
const MODEL = configSchema.shape.model.parse({})
const WINDOW = 5_000
const CLEAN = 2_000
const FRESH = 600
const MAX_FITS = 10
const LABEL_SEEDS = [1, 2, 3]
const LABEL_SETS = 100
/** All flights that a window of 5,000 leaves. */
const CALIBRATION_ROWS = 500
const SHARES = [0, 0.01, 0.05, 0.1]
const DEFAULT_CONTAMINATION = 0.01

const options = benchOptions({ labels: false })
const splits = LABEL_SEEDS.map(splitOf)

const report = makeReport(options.json)
const windows = []
for (const share of options.labels ? [] : SHARES) windows.push(...(await compareMeasures(splits[0]!, share)))
if (!options.labels) report.table('models of contaminated windows', windows)
const labels: Line[] = []
for (const share of SHARES) labels.push(...(await compareLabels(share)))
report.table('labels of calibration records', labels)

type Split = ReturnType<typeof splitOf>

interface Sent {
  readonly fields: Fields
  readonly isCorrupted: boolean
}

async function compareMeasures(split: Split, share: number) {
  const { seed } = split
  const sent = windowOf(split, share)
  const ways = [
    { measure: 'none', detector: await fitTo(sent, 0, seed) },
    { measure: 'trimmed, 1 %', detector: await fitTo(sent, DEFAULT_CONTAMINATION, seed) },
    ...(share > DEFAULT_CONTAMINATION
      ? [{ measure: `trimmed, ${100 * share} %`, detector: await fitTo(sent, share, seed) }]
      : []),
    ...(share > 0 ? [await withVerdicts(sent, seed)] : []),
  ]
  const found = []
  for (const { measure, detector } of ways) {
    found.push({ corrupted: share, measure, ...(await quality(split, detector)) })
    await detector.close()
  }
  return found
}

/** Fits again until no further anomalies are confirmed. */
async function withVerdicts(sent: readonly Sent[], seed: number) {
  let left = sent
  for (let round = 1; ; round++) {
    const detector = await fitTo(left, DEFAULT_CONTAMINATION, seed)
    const { pValue } = await detector.score(left.map(({ fields }) => fields))
    const unconfirmed = left.filter(({ isCorrupted }, index) => !(isCorrupted && pValue[index]! <= ALERT_RATE))
    if (round === MAX_FITS || unconfirmed.length === left.length) {
      return { measure: `trimmed, 1 %, ${round} rounds of verdicts`, detector }
    }
    left = unconfirmed
    await detector.close()
  }
}

async function compareLabels(share: number): Promise<Line[]> {
  const rows: Line[] = []
  for (const trimmed of new Set([DEFAULT_CONTAMINATION, Math.max(share, DEFAULT_CONTAMINATION)])) {
    const windows: ReturnType<typeof labelSets>[] = []
    for (const split of splits) {
      const detector = await fitTo(windowOf(split, share), trimmed, split.seed)
      const pool = corruptedFrom(split.stream.slice(WINDOW), share, split.seed)
      const { nll } = await detector.score(pool.map(({ fields }) => fields))
      const scored = pool.map(({ isCorrupted }, index) => ({ nll: nll[index]!, isCorrupted }))
      const corrupted = (await detector.score(split.odd)).nll
      await detector.close()
      windows.push(labelSets(scored, corrupted, split.seed))
    }
    const mean = (name: keyof (typeof windows)[number]) => meanOf(windows.map((window) => window[name]))
    rows.push({
      corrupted: share,
      trimmed,
      labels: mean('labels'),
      'found before': mean('found before'),
      'clean found before': mean('clean found before'),
      'found after': mean('found after'),
      'found after, least of the windows': Math.min(...windows.map((window) => window['found after'])),
      'clean found after': mean('clean found after'),
    })
  }
  return rows
}

interface ScoredRecord {
  readonly nll: number
  readonly isCorrupted: boolean
}

/** Means over calibration sets drawn from the pool, before and after their records are labelled. */
function labelSets(pool: readonly ScoredRecord[], corrupted: Float64Array, seed: number) {
  const means = { labels: 0, 'found before': 0, 'clean found before': 0, 'found after': 0, 'clean found after': 0 }
  for (let set = 0; set < LABEL_SETS; set++) {
    const drawn = shuffled(pool, seed + set)
    const set500 = drawn.slice(0, CALIBRATION_ROWS).toSorted((a, b) => b.nll - a.nll)
    const normal = Float64Array.from(
      drawn.slice(CALIBRATION_ROWS).filter(({ isCorrupted }) => !isCorrupted),
      ({ nll }) => nll,
    )
    const ascending = Float64Array.from(set500, ({ nll }) => nll).reverse()
    const given = labelled(set500)
    means.labels += given.filter(({ verdict }) => verdict !== null).length / LABEL_SETS
    const calibrations = {
      before: { ...calibrationSteps(ascending), tail: fitParetoTail(ascending, DEFAULT_CONTAMINATION) },
      after: calibrationOf(withoutAnomalies(ascending, ALERT_RATE, given), ALERT_RATE),
    }
    for (const when of ['before', 'after'] as const) {
      means[`found ${when}`] += flaggedShare(pValues(calibrations[when], corrupted), ALERT_RATE) / LABEL_SETS
      means[`clean found ${when}`] += flaggedShare(pValues(calibrations[when], normal), ALERT_RATE) / LABEL_SETS
    }
  }
  return means
}

/** Labels all offered calibration records correctly. */
function labelled(descending: readonly ScoredRecord[]): readonly CalibrationLabel[] {
  const plan = { rows: descending.length, alertRate: ALERT_RATE }
  const verdictOf = (rank: number) => (descending[rank]!.isCorrupted ? 'confirmed' : 'false_alarm')
  let records = ranksToLabel(plan).map((rank): CalibrationLabel => ({ rank, verdict: null }))
  for (let next = nextToLabel(plan, records); next.length > 0; next = nextToLabel(plan, records)) {
    records = records.map((own) => (next.includes(own) ? { ...own, verdict: verdictOf(own.rank) } : own))
  }
  return records
}

function windowOf({ stream, seed }: Split, share: number): Sent[] {
  return corruptedFrom(stream.slice(0, WINDOW), share, seed)
}

function corruptedFrom(own: readonly Flight[], share: number, seed: number): Sent[] {
  return corruptStream(own, { share, seed }).map(({ flight, corruption }) => ({
    fields: fieldsOf(flight),
    isCorrupted: corruption !== null,
  }))
}

async function fitTo(sent: readonly Sent[], contamination: number, seed: number): Promise<Detector> {
  const { artefact } = await trainDetector({
    features: FLIGHT_FEATURES,
    records: sent.map(({ fields }) => fields),
    model: MODEL,
    training: { contamination, seed },
    alertRate: ALERT_RATE,
  })
  return openDetector(artefact)
}

/** AUROC, and the shares of the new corrupted flights and of the clean ones with p ≤ 1 %. */
async function quality({ clean, odd }: Split, detector: Detector) {
  const normal = await detector.score(clean)
  const corrupted = await detector.score(odd)
  return {
    AUROC: auroc(corrupted.nll, normal.nll),
    found: flaggedShare(corrupted.pValue, ALERT_RATE),
    'clean found': flaggedShare(normal.pValue, ALERT_RATE),
  }
}

/** The flights in the order of the seed: those tested, those of which a window and calibration sets are drawn, and corrupted ones. */
function splitOf(seed: number) {
  const flights = shuffled(loadFlights(), seed)
  return {
    seed,
    clean: flights.slice(0, CLEAN).map(fieldsOf),
    stream: flights.slice(CLEAN),
    odd: freshlyCorrupted(flights, seed),
  }
}

function freshlyCorrupted(flights: readonly Flight[], seed: number): Fields[] {
  const random = xoroshiro128plus(seed + 99)
  const fresh: Fields[] = []
  while (fresh.length < FRESH) {
    const kind = CORRUPTIONS[fresh.length % CORRUPTIONS.length]!
    const flight = corrupt(flights[uniformInt(random, 0, CLEAN - 1)]!, kind, flights, random)
    if (flight !== null) fresh.push(fieldsOf(flight))
  }
  return fresh
}
