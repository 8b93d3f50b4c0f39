import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Feature, ModelMetadata } from '@outflow/contracts'
import type { Detector, Scores, TrainedDetector, TrainingInput } from '@outflow/detector'
import { FitFailed } from '@outflow/flow'
import { makeReader } from '@outflow/records'
import { type FieldTable, fieldsAt, packFields } from '@outflow/records/fields'
import { aDetector } from '../../services/ingest/src/test-builders.js'
import { aModelMetadata } from '../support/reports.js'
import type { Scheduler } from './scheduler.js'

/** Content of an artefact. A poor model finds every record so much less likely that it fails every gate. */
interface Content {
  readonly metadata: ModelMetadata
  readonly isPoor: boolean
}

const POOR_NATS = 10
/** Far below the nll of independent fields, which the gate compares a first model with. */
const NLL_AT_ZERO = -3
const LONGEST_FIT_MS = 20_000

export const nllOf = (delay: number): number => NLL_AT_ZERO + delay
/** The gate also scores records without a number. */
const known = (delay: number): number => (Number.isNaN(delay) ? 0 : delay)
/** p = e^−delay */
export const pValueOf = (nll: number): number => Math.exp(NLL_AT_ZERO - nll)

/** One in this many fits gives a poor model, or fails; 0: none. */
export interface Fits {
  readonly poorOneIn: number
  failsOneIn: number
}

/** Replaces the fit: takes some time, and returns the same model for the same records. */
export function fixedFit({ scheduler, fits }: { readonly scheduler: Scheduler; readonly fits: Fits }) {
  return async ({
    features,
    records,
    window,
    recordsPerDay,
    onProgress,
    signal,
    provisional = false,
  }: TrainingInput) => {
    const { random } = scheduler
    await sleep(random.below(LONGEST_FIT_MS), undefined, { ...(signal && { signal }) })
    onProgress?.({ step: 1, maxSteps: 2 } as never)
    if (fits.failsOneIn > 0 && random.oneIn(fits.failsOneIn)) throw new FitFailed('the process of the fit was killed')
    const digest = createHash('sha256')
      .update(JSON.stringify([features, records]))
      .digest()
    return fixedModel(features, digest, {
      isPoor: fits.poorOneIn > 0 && digest[0]! % fits.poorOneIn === 0,
      metadata: { window: window ?? null, recordsPerDay, provisional },
    })
  }
}

export function fixedModel(
  features: readonly Feature[],
  digest: Buffer,
  { isPoor = false, metadata = {} }: { readonly isPoor?: boolean; readonly metadata?: Partial<ModelMetadata> } = {},
): TrainedDetector {
  const hex = digest.toString('hex')
  const modelId = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
  const content: Content = { metadata: aModelMetadata({ ...metadata, modelId, features: [...features] }), isPoor }
  return { artefact: Buffer.from(JSON.stringify(content)), metadata: content.metadata, fit: null, toLabel: [] }
}

/** Whether the model must fail its gate. */
export const isPoorModel = (artefact: Uint8Array): boolean => (JSON.parse(String(artefact)) as Content).isPoor

/** Opens a model without parameters: nll is the delay and a constant. */
export function openFixed(artefact: Uint8Array, onClose: () => void): Detector {
  const { metadata, isPoor } = JSON.parse(String(artefact)) as Content
  const shift = isPoor ? POOR_NATS : 0
  const scoresOf = (table: FieldTable): Scores => {
    const nll = Float64Array.from(
      { length: table.count },
      (_, row) => nllOf(known(fieldsAt(table, row).numbers[0]!)) + shift,
    )
    return { nll, pValue: nll.map((own) => pValueOf(own - shift)), unseenValues: 0, missingValues: 0 }
  }
  return aDetector({
    metadata,
    read: makeReader(metadata.features),
    pValues: (nll) => nll.map((own) => pValueOf(own - shift)),
    score: async (batch) => scoresOf(packFields(batch)),
    scoreTable: async (table) => scoresOf(table),
    pUpperLimit: (nll) => Math.min(1, 2 * pValueOf(nll - shift)),
    windowed: ({ numbers }) => (numbers.length > 1 ? [numbers[1]!] : null),
    close: async () => onClose(),
  })
}
