import { type Detector, openDetector } from '@outflow/detector'
import type { Fields } from '@outflow/encoding'

/** What the gate found; stored as the model's metrics. */
export interface GateReport {
  readonly passed: boolean
  /** Why not, one sentence each. */
  readonly failures: readonly string[]
  /** Records of the window that were scored for it. */
  readonly checked: number
  /** Share of them that would be flagged at the alert rate. */
  readonly flaggedShare: number
  /** Nats. */
  readonly medianNll: number
}

export interface GateOptions {
  readonly artefact: Uint8Array
  /** Of the training window. */
  readonly records: readonly Fields[]
  readonly alertRate: number
  readonly contamination: number
  /** Default: the detector's own. */
  readonly open?: (artefact: Uint8Array) => Promise<Detector>
}

/** Enough to see a share of a few per cent; scored in well under a second. */
const MOST_CHECKED = 4_000
/** DESIGN: the same artefact and record give the same NLL everywhere to 1e-5. */
const TOLERANCE = 1e-5

/**
 * Decides whether a model may score the stream: its artefact opens, opened twice it gives the same finite NLLs, and at
 * most three times the share that was asked for (alert rate plus contamination) of its own window would be flagged. A
 * model that finds its own past strange would flood the operator.
 */
export async function passGate(options: GateOptions): Promise<GateReport> {
  const { artefact, records, alertRate, contamination, open = openDetector } = options
  const step = Math.max(1, Math.ceil(records.length / MOST_CHECKED))
  const checked = records.filter((_, index) => index % step === 0)
  const first = await scoresOf(await open(artefact), checked)
  const second = await scoresOf(await open(artefact), checked)
  const flaggedShare = first.pValue.filter((p) => p <= alertRate).length / Math.max(1, checked.length)
  const mostFlagged = 3 * (alertRate + contamination)
  const failures = [
    ...(first.nll.every(Number.isFinite) ? [] : ['some records of its own window have no finite NLL']),
    ...(first.nll.every((nll, i) => isSame(nll, second.nll[i]!)) ? [] : ['opened twice, it gives two sets of NLLs']),
    ...(flaggedShare <= mostFlagged
      ? []
      : [`it would flag ${percent(flaggedShare)} of its own window; at most ${percent(mostFlagged)} are accepted`]),
  ]
  return {
    passed: failures.length === 0,
    failures,
    checked: checked.length,
    flaggedShare,
    medianNll: first.nll.toSorted()[first.nll.length >> 1] ?? Number.NaN,
  }
}

async function scoresOf(detector: Detector, records: readonly Fields[]): ReturnType<Detector['score']> {
  try {
    return await detector.score(records)
  } finally {
    await detector.close()
  }
}

function isSame(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= TOLERANCE * Math.max(1, Math.abs(a))
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`
}
