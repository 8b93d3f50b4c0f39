import type { ModelMetadata } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { type DemoObservations, summarize } from './summary.js'

const model = {
  modelId: 'm',
  alertRate: 0.01,
  training: { rows: 80, steps: 5, backend: 'wasm', durationMs: 10 },
  calibration: { rows: 20 },
} as ModelMetadata

const seen: DemoObservations = {
  sent: [
    { position: 'f/0/0', producedAtMs: 1_000, corruption: 'km' },
    { position: 'f/0/1', producedAtMs: 1_001, corruption: null },
    { position: 'f/0/2', producedAtMs: 5_000, corruption: null },
    { position: 'f/0/3', producedAtMs: 5_010, corruption: 'km' },
  ],
  alerts: [
    { position: 'f/0/0', readAtMs: 3_000 },
    { position: 'f/0/2', readAtMs: 5_030 },
    { position: 'f/0/3', readAtMs: 5_060 },
    { position: 'f/0/3', readAtMs: 9_999 },
  ],
  counters: { received: 5, scored: 4, anomalies: 3 },
  rejected: { undecodable: 1 },
  deadLetterMessages: 1,
  backlog: { messages: 2, durationMs: 500 },
  steady: { fromMs: 5_000, messages: 2, durationMs: 1_000 },
  model,
  versions: { outflow: '1', node: '20', broker: 'b', database: 'd', backend: 'w' },
  durationMs: 9_000,
}

it('counts an alert that was read twice once, and reports it as repeated', () => {
  expect(summarize(seen)).toMatchObject({ alerts: 3, alertsRepeated: 1, deadLettered: 1, recall: 1, precision: 2 / 3 })
})

it('measures latency over the steady part only, to the first reading', () => {
  expect(summarize(seen).latencyMs).toEqual({ p50: 30, p99: 50, alerts: 2, messages: 2, perSecond: 2 })
})

it('gives the rate of the backlog', () => {
  expect(summarize(seen).recordsPerSecond).toBe(4)
})
