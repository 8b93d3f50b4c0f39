import type { Anomaly } from '@outflow/store/anomalies'

/** An anomaly as ingest writes it. */
export const anAnomaly = (offset: bigint, overrides: Partial<Anomaly> = {}): Anomaly => ({
  ...{ offset, recordTimeMs: Date.now(), eventTimeMs: Date.now(), entityKey: 'LAX' },
  record: { origin: 'LAX', distance: 3_983 },
  ...{ nll: 12.5, pValue: 0.0004, pUpper: 0.002, severity: 'high', missing: [], modelId: 'm' },
  ...overrides,
})
