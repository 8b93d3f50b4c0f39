import type { FitReport, GateReport, ModelMetadata } from '@outflow/contracts'

/** The report of a gate that a model passed. */
export const aGateReport = (overrides: Partial<GateReport> = {}): GateReport => ({
  passed: true,
  failures: [],
  checked: 100,
  against: 'independent fields',
  againstId: null,
  gain: { mean: 0.2, lower: 0.1, upper: 0.3, records: 100 },
  anomalyShare: 0.001,
  lowerHalf: 0.5,
  medianNll: 3,
  nllRange: [-1e6, 1e6],
  scoringMicros: 10,
  ...overrides,
})

/** The metadata of a model with one number, for tests that do not open an artefact. */
export const aModelMetadata = (overrides: Partial<ModelMetadata> = {}): ModelMetadata => ({
  schemaVersion: 1,
  modelId: '00000000-0000-4000-8000-000000000000',
  createdAt: '2026-01-01T00:00:00.000Z',
  outflowVersion: '0.1.0',
  features: [{ path: '$.delay', type: 'numeric', optional: false }],
  model: { kind: 'realnvp', layers: 2, hidden: [8] },
  seed: 7,
  contamination: 0.01,
  provisional: false,
  alertRate: 0.001,
  window: null,
  dim: 1,
  contextDim: 0,
  training: {
    rows: 900,
    backend: 'wasm',
    backendVersion: '4',
    steps: 100,
    bestStep: 100,
    stopped: 'patience',
    trainNll: 1.2,
    validationNll: 1.3,
    durationMs: 1_000,
  },
  calibration: { rows: 100, smallestPValue: 1 / 101, medianNll: 3, hasTail: false, extremes: null, labels: null },
  ...overrides,
})

/** The report of a fit that has begun. */
export const aFitReport = (overrides: Partial<FitReport> = {}): FitReport => ({
  seed: 7,
  window: { asked: '2026-01-01T00:00:00.000Z', from: null, to: null, shortened: null },
  records: {
    offsets: 1_000,
    seen: 1_000,
    sampled: 1_000,
    fitted: 900,
    heldOut: 100,
    rejected: 0,
    rejectedBy: {},
    excluded: 0,
    excludedBy: { confirmed: 0, named: 0, burst: 0 },
  },
  fit: null,
  calibration: null,
  gate: null,
  durationMs: 1_234,
  error: null,
  ...overrides,
})

/** The curves of a flow's fit. */
export const aFlowFit = (overrides: Partial<NonNullable<FitReport['fit']>> = {}): NonNullable<FitReport['fit']> => ({
  backend: 'wasm',
  backendVersion: '4',
  steps: 100,
  bestStep: 100,
  atSteps: [50, 100],
  trainNll: [1.5, 1.2],
  validationNll: [1.6, 1.3],
  bestNll: 1.3,
  durationMs: 1_000,
  peakMemoryBytes: 1_000_000,
  stopped: 'patience',
  ...overrides,
})

/** A model as the store inserts it. */
export function aModel(pipeline: string, id: string, metrics: Partial<GateReport> = {}) {
  return {
    pipeline,
    id,
    artefact: new Uint8Array([1, 2, 3]),
    metadata: aModelMetadata(),
    metrics: aGateReport(metrics),
    parentId: null,
  }
}
