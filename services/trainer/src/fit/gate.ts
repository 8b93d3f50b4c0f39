import { isDeepStrictEqual } from 'node:util'
import type { Feature, GateReport } from '@outflow/contracts'
import { formatShare } from '@outflow/contracts/wording'
import { type Detector, decide, fitMarginals, type Scores, withDetector } from '@outflow/detector'
import { columnsOf, type Fields } from '@outflow/records/fields'
import { pairedGain } from './paired-gain.js'

export interface GateOptions {
  readonly artefact: Uint8Array
  readonly features: readonly Feature[]
  /** The records that the candidate was fitted to. */
  readonly fitted: readonly Fields[]
  /** Recent records that it was not fitted to, at least one. */
  readonly heldOut: readonly Fields[]
  /** The active model, when it has the same features; null: the candidate is the first of its kind. */
  readonly incumbent: { readonly id: string; readonly artefact: Uint8Array } | null
  readonly alertRate: number
  readonly contamination: number
  readonly seed: number
  readonly open: (artefact: Uint8Array) => Promise<Detector>
}

/** Relative difference up to which two NLLs of a record by the same artefact count as equal. */
const TOLERANCE = 1e-5
/** Nats a record within which two models count as equal: a hundredth of the difference between a good fit and a poor one. */
const EQUAL_WITHIN = 0.02
/**
 * Nats by which a model may be less likely than independent fields: one for each number, at most ten. Where fields do not depend on
 * each other, a mixture or flow describes a uniform or skewed number less exactly than the kernel density that it is compared with. A model
 * that missed the usual values loses several nats.
 */
const lossToIndependent = (features: readonly Feature[]): number =>
  EQUAL_WITHIN + Math.min(10, columnsOf(features).filter(({ kind }) => kind === 'number').length)
/** Thirty times the time of a wide model on one slow core; a slower model cannot keep up with the stream. */
const SLOWEST_MICROS = 1_000
/** Half of the p-values should be below a half; outside these limits the calibration records differ in kind from the recent ones. */
const LOWER_HALF = [0.25, 0.75] as const

/** Decides, on recent records that a model was not fitted to, whether it may score the stream. The README explains each condition. */
export async function passGate(options: GateOptions): Promise<GateReport> {
  const { artefact, heldOut, incumbent, alertRate, contamination, open } = options
  const edges = edgeCases(heldOut[heldOut.length >> 1]!)
  const timed = () => withDetector(artefact, (detector) => timedScores(detector, heldOut, edges), open)
  const [first, second] = [await timed(), await timed()]
  const other = incumbent === null ? null : await scoresOf(incumbent.artefact, heldOut, open)
  // A probability and a density cannot be compared.
  const isComparable = other !== null && isDeepStrictEqual(first.usualOf, other.usualOf)
  const rivalNll = isComparable ? other.comparable : independentNll(options, first.usualOf)
  const gain = pairedGain(first.comparable, rivalNll, options)
  const anomalies = anomalyIndices(first.scores, alertRate)
  const anomalyShare = anomalies.size / heldOut.length
  const lowerHalf = lowerHalfOf(first.scores.pValue, first.above)
  const scoringMicros = Math.min(first.micros, second.micros)
  const isAllFinite = first.scores.nll.every(Number.isFinite) && first.edgeScores.nll.every(Number.isFinite)
  const isSteady = first.scores.nll.every((nll, i) => isSame(nll, second.scores.nll[i]!))
  const mostAnomalies = anomalyBound(options, heldOut.length)
  const mayLose = !isComparable && first.stretched.length === 0
  const tolerated = mayLose ? lossToIndependent(options.features) : EQUAL_WITHIN
  const rival = isComparable ? 'the incumbent' : 'independent fields'
  const failures: string[] = []
  const demand = (isMet: boolean, otherwise: string) => {
    if (!isMet) failures.push(otherwise)
  }
  demand(isAllFinite, 'some records have no finite NLL')
  demand(isSteady, 'opened twice, it gives two sets of NLLs')
  const loss = `${nats(-gain.mean)} (${nats(-gain.upper)} to ${nats(-gain.lower)})`
  const mayMiss = !isComparable && contamination > 0
  const cause = first.stretched.length > 0 ? extremesOf(first.stretched) : mayMiss ? TRIMMED : ''
  demand(gain.upper >= -tolerated, `it is less likely than ${rival} by ${loss}${cause}`)
  const found = `anomalies in ${formatShare(anomalyShare)} of recent records`
  demand(anomalyShare <= mostAnomalies, `it would find ${found}; at most ${formatShare(mostAnomalies)} are accepted`)
  const below = `${formatShare(lowerHalf)} of the p-values of recent records are below a half`
  const wayOut = mayMiss && lowerHalf > 0.5 ? TRIMMED : ''
  demand(within(lowerHalf, LOWER_HALF, heldOut.length), `${below}; expected: about 50 %${wayOut}`)
  const micros = `${Math.round(scoringMicros)} µs a record`
  demand(scoringMicros <= SLOWEST_MICROS, `it takes ${micros}; at most ${SLOWEST_MICROS} are accepted`)
  const ascending = first.scores.nll.toSorted()
  const quantile = (share: number) => ascending[Math.floor(share * ascending.length)]!
  return {
    passed: failures.length === 0,
    failures,
    checked: heldOut.length,
    against: isComparable ? 'incumbent' : 'independent fields',
    againstId: isComparable ? incumbent!.id : null,
    gain,
    anomalyShare,
    ...(other !== null && {
      anomaliesBy: anomaliesBy(anomalies, anomalyIndices(other.scores, alertRate), incumbent!.id),
    }),
    lowerHalf,
    medianNll: quantile(0.5),
    nllRange: [quantile(0.05), quantile(0.95)],
    scoringMicros,
  }
}

const anomalyIndices = ({ pValue }: Scores, alertRate: number): ReadonlySet<number> =>
  new Set(decide(pValue, { alertRate }).anomalies.map(({ index }) => index))

function anomaliesBy(
  candidate: ReadonlySet<number>,
  incumbent: ReadonlySet<number>,
  incumbentId: string,
): NonNullable<GateReport['anomaliesBy']> {
  const both = [...candidate].filter((index) => incumbent.has(index)).length
  return { incumbentId, both, candidate: candidate.size - both, incumbent: incumbent.size - both }
}

function independentNll({ features, fitted, heldOut }: GateOptions, usualOf: Detector['usualOf']): Float64Array {
  const nllByField = fitMarginals(features, fitted, usualOf)
  return Float64Array.from(heldOut, (record) => nllByField(record).reduce((sum, nll) => sum + nll, 0))
}

/** Of fewer records, a pause of the process would count as the time that each of them takes. */
const TIMED_RECORDS = 1_000

async function timedScores(detector: Detector, records: readonly Fields[], edges: readonly Fields[]) {
  const edgeScores = await detector.score(edges)
  const scored = await scoredBy(detector, records)
  const { nll } = scored.scores
  const all = [...records, ...edges]
  const timed = Array.from({ length: TIMED_RECORDS }, (_, i) => all[i % all.length]!)
  const began = performance.now()
  await detector.score(timed)
  const micros = (1_000 * (performance.now() - began)) / TIMED_RECORDS
  const above = detector.pValues(nll.map((own) => own + TOLERANCE * Math.max(1, Math.abs(own))))
  return { ...scored, edgeScores, micros, above, stretched: detector.stretched }
}

async function scoredBy(detector: Detector, records: readonly Fields[]) {
  const scores = await detector.score(records)
  return { scores, comparable: detector.comparableNll(records, scores.nll), usualOf: detector.usualOf }
}

/**
 * Records at the limits of what the reader accepts, each otherwise like the given one: everything missing, each number
 * missing, zero and at both ends of its range, each category missing, empty and never seen.
 */
function edgeCases(normal: Fields): readonly Fields[] {
  const { numbers, categories } = normal
  return [
    { numbers: numbers.map(() => Number.NaN), categories: categories.map(() => null) },
    ...numbers.flatMap((_, at) => NUMBERS.map((value) => ({ numbers: numbers.with(at, value), categories }))),
    ...categories.flatMap((_, at) => CATEGORIES.map((value) => ({ numbers, categories: categories.with(at, value) }))),
  ]
}

const NUMBERS = [Number.NaN, 0, 1e300, -1e300, Number.MIN_VALUE]
const CATEGORIES = [null, '', 'a value that was never seen', '\u0000']

/** A likely cause, and what to do about it. */
const extremesOf = (stretched: readonly string[]): string =>
  `; extreme values of ${stretched.join(', ')} in the window hide its usual ones: exclude them (outflow models exclude), or set scale: log`
/** A fit to numbers leaves out a share of the window: with it normal records that are far from the others. */
const TRIMMED =
  '; if records far from the others are normal, as after a step or at the peak of a daily cycle, set training.contamination: 0, restart the ' +
  'trainer, and run outflow retrain'

/** null if the incumbent cannot be opened; it is then ignored. */
async function scoresOf(artefact: Uint8Array, records: readonly Fields[], open: GateOptions['open']) {
  const detector = await open(artefact).catch(() => null)
  if (detector === null) return null
  try {
    return await scoredBy(detector, records)
  } finally {
    await detector.close()
  }
}

/**
 * Share of p-values of at most a half. If a share of the records has the same NLL, as with fields of few values, the p-value of each is
 * the largest in that share; each then counts by the part of the share that is below a half.
 *
 * @param above  the p-value of a slightly higher NLL
 */
function lowerHalfOf(pValue: Float64Array, above: Float64Array): number {
  const parts = pValue.map((high, index) => {
    const low = Math.min(high, above[index]!)
    if (high <= 0.5) return 1
    return low >= 0.5 ? 0 : (0.5 - low) / (high - low)
  })
  return parts.reduce((sum, part) => sum + part, 0) / parts.length
}

/** The largest accepted share of anomalies: three times the expected one, and three standard errors, so that chance rarely exceeds it. */
export function anomalyBound(
  { alertRate, contamination }: Pick<GateOptions, 'alertRate' | 'contamination'>,
  records: number,
): number {
  const share = 3 * (alertRate + contamination)
  return share + 3 * Math.sqrt((share * (1 - Math.min(1, share))) / Math.max(1, records))
}

function within(share: number, [low, high]: readonly [number, number], records: number): boolean {
  const chance = 1.5 / Math.sqrt(records)
  return share >= low - chance && share <= high + chance
}

function isSame(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a))
}

function nats(value: number): string {
  return `${value.toFixed(3)} nats`
}
