import type { AnomalyLine } from '@outflow/store/anomalies'
import type { AnomalySummary } from './api/index.js'
import { anomalyId } from './ids.js'

export function summaryOf(line: AnomalyLine): AnomalySummary {
  return {
    id: anomalyId(line),
    pipeline: line.pipeline,
    topic: line.topic,
    partition: line.partition,
    offset: String(line.offset),
    eventTime: line.eventTime.toISOString(),
    recordTime: line.recordTime.toISOString(),
    detectedAt: line.detectedAt.toISOString(),
    key: line.entityKey,
    nll: line.nll,
    pValue: line.pValue,
    surpriseBits: line.pValue > 0 ? -Math.log2(line.pValue) : null,
    severity: line.severity,
    modelId: line.modelId,
    provisional: line.provisional,
    topReason: line.topReason,
    fields: [...line.fields],
    verdict: line.verdict,
  }
}
