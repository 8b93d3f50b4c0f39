import type { Reason } from '@outflow/contracts'
import { toOutflowError } from '@outflow/errors'
import type { ExplainedBatch, JudgedBatch } from '../batch.js'
import type { IngestTelemetry } from '../telemetry.js'
import { severityOf } from './judge.js'

export interface ExplainOptions {
  readonly alertRate: number
  readonly telemetry: Pick<IngestTelemetry, 'explanationsSkipped' | 'explanationFailed'>
  /** Outliers explained per batch at most; default MAX_EXPLAINED. */
  readonly most?: number
}

/**
 * A burst of anomalies must not hold back the records behind it. An explanation takes some milliseconds, so a batch
 * spends a fraction of a second on them at worst.
 */
const MAX_EXPLAINED = 64

/**
 * Makes the step that says why each outlier is one. Of a burst the strangest are explained; the others are stored and
 * sent without reasons, and counted. An explanation that fails costs the reasons, not the anomaly.
 */
export function explainWith({ alertRate, telemetry, most = MAX_EXPLAINED }: ExplainOptions) {
  return async (batch: JudgedBatch): Promise<ExplainedBatch> => {
    const { nll, pValue } = batch.scores
    const strangest = batch.outliers.toSorted((a, b) => nll[b]! - nll[a]!).slice(0, most)
    const reasons = new Map<number, readonly Reason[]>()
    for (const index of strangest) reasons.set(index, await reasonsOf(batch, index, telemetry))
    if (strangest.length < batch.outliers.length) {
      telemetry.explanationsSkipped(batch.delivery, batch.outliers.length - strangest.length)
    }
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
