import type { Reason } from '@outflow/contracts'
import { toOutflowError } from '@outflow/errors'
import type { ExplainedBatch, JudgedBatch } from '../batch.js'
import type { IngestTelemetry } from '../telemetry.js'
import { severityOf } from './judge.js'

export interface ExplainOptions {
  readonly alertRate: number
  readonly telemetry: Pick<IngestTelemetry, 'explanationsSkipped' | 'explanationFailed'>
  /** Outliers explained in any case; default ALWAYS_EXPLAINED. */
  readonly always?: number
  /** How long explaining the others may take, ms; default BUDGET_MS. */
  readonly budgetMs?: number
  /** ms; default: the clock. */
  readonly now?: () => number
}

/** A burst of anomalies must not hold back the records behind it; a batch of 8,000 at a rate of 1 % has 80 without one. */
const ALWAYS_EXPLAINED = 32
/** Reasons are worth a moment: an explanation takes milliseconds, and a batch some tenths of a second without them. */
const BUDGET_MS = 2_000

/**
 * Makes the step that says why each outlier is one, the strangest first. What a burst leaves no time for is stored and
 * sent without reasons, and counted. An explanation that fails costs the reasons, not the anomaly.
 */
export function explainWith({
  alertRate,
  telemetry,
  always = ALWAYS_EXPLAINED,
  budgetMs = BUDGET_MS,
  now = Date.now,
}: ExplainOptions) {
  return async (batch: JudgedBatch): Promise<ExplainedBatch> => {
    const { nll, pValue } = batch.scores
    const reasons = new Map<number, readonly Reason[]>()
    const startedAtMs = now()
    for (const index of batch.outliers.toSorted((a, b) => nll[b]! - nll[a]!)) {
      if (reasons.size >= always && now() - startedAtMs >= budgetMs) break
      reasons.set(index, await reasonsOf(batch, index, telemetry))
    }
    const skipped = batch.outliers.length - reasons.size
    if (skipped > 0) telemetry.explanationsSkipped(batch.delivery, skipped)
    return {
      ...batch,
      anomalies: batch.outliers.map((index) => {
        const { source, record, eventTimeMs, entityKey } = batch.records[index]!
        return {
          offset: source.offset,
          recordTimeMs: source.timestampMs,
          eventTimeMs,
          entityKey,
          record,
          nll: nll[index]!,
          pValue: pValue[index]!,
          severity: severityOf(pValue[index]!, alertRate),
          reasons: reasons.get(index) ?? [],
          modelId: batch.model.modelId,
        }
      }),
    }
  }
}

async function reasonsOf(
  { model, records, delivery }: JudgedBatch,
  index: number,
  telemetry: ExplainOptions['telemetry'],
): Promise<readonly Reason[]> {
  const { fields, source } = records[index]!
  try {
    return await model.detector.explain(fields)
  } catch (thrown: unknown) {
    telemetry.explanationFailed(delivery, source.offset, toOutflowError(thrown))
    return []
  }
}
