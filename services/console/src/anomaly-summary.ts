import { anomalyId } from '@outflow/contracts'
import type { AnomalyLine } from '@outflow/store/anomalies'
import type { AnomalySummary } from './api/index.js'

export function summaryOf({ entityKey, ...line }: AnomalyLine): AnomalySummary {
  return {
    ...line,
    id: anomalyId(line.pipeline, line),
    key: entityKey,
    surpriseBits: line.pValue > 0 ? -Math.log2(line.pValue) : null,
    fields: [...line.fields],
  }
}
