import { writeBatch } from '@outflow/store/batch'
import { insertModel, promoteModel } from '@outflow/store/models'
import { minuteScores } from '@outflow/store/statistics'
import { endFit, startFit } from '@outflow/store/training'
import { beginPartition } from './begin-partition.js'
import { PIPELINE, pool } from './console-page.js'
import { parcelModel } from './parcel-models.js'
import { aFitReport, aFlowFit, aGateReport } from './reports.js'
import { storeAnomalies } from './stored-anomalies.js'

const GATE = aGateReport({
  against: 'incumbent',
  againstId: 'before',
  gain: { mean: 0.03, lower: 0.01, upper: 0.05, records: 100 },
  anomalyShare: 0.0012,
  anomaliesBy: { incumbentId: 'before', both: 6, candidate: 5, incumbent: 3 },
})

const TO_LABEL = [0, 1, 2].map((rank) => ({
  ...{ rank, topic: 'flights', partition: 9, offset: BigInt(rank), recordTimeMs: Date.now(), nll: 30 - rank },
  record: { kind: 'crate', grams: 900_000 },
}))

/** What the pages of the pipeline show: this many anomalies, three models, scores and dead letters. */
export async function storePages(anomalies: number): Promise<void> {
  await storeAnomalies(pool, { pipeline: PIPELINE, count: anomalies })
  await storeModels()
  await storeScores()
}

/** Three models: two whose artefact opens, of which the later is active, and a damaged one; and the report of the active one's fit. */
async function storeModels(): Promise<void> {
  const { artefact, metadata } = await parcelModel()
  const model = { pipeline: PIPELINE, artefact, metadata, metrics: aGateReport(), parentId: null }
  await insertModel(pool, { ...model, id: 'damaged', artefact: new Uint8Array([1]) })
  for (const [id, metrics] of [
    ['before', aGateReport()],
    ['now', GATE],
  ] as const) {
    await insertModel(pool, { ...model, metrics, id, toLabel: id === 'now' ? TO_LABEL : [] })
    await promoteModel(pool, { pipeline: PIPELINE, id, by: 'test', why: 'asked to' })
  }
  const steps = Array.from({ length: 20 }, (_, i) => 50 * (i + 1))
  const begun = aFitReport()
  const report = {
    ...begun,
    window: { ...begun.window, from: '2026-01-01T00:00:00.000Z', to: '2026-01-02T00:00:00.000Z' },
    records: { ...begun.records, rejected: 3, excluded: 2 },
    fit: aFlowFit({
      atSteps: steps,
      trainNll: steps.map((step) => 3 * Math.exp(-step / 200)),
      validationNll: steps.map((step) => 0.1 + 3 * Math.exp(-step / 200)),
    }),
    calibration: metadata.calibration,
    gate: GATE,
  }
  const id = await startFit(pool, { pipeline: PIPELINE, because: 'schedule', incumbentId: 'before', report })
  await endFit(pool, { id, modelId: 'now', report, state: 'promoted' })
}

/** Half an hour of scores, a thousand a minute, from below 0 to very high; and dead letters. */
async function storeScores(): Promise<void> {
  const nowMinute = Math.floor(Date.now() / 60_000) * 60_000
  const nll = Array.from({ length: 1_000 }, (_, i) => (i < 998 ? i / 20 - 5 : 10 ** (i - 995)))
  const at = nll.flatMap((_, minute) => (minute < 30 ? nll.map(() => nowMinute - (30 - minute) * 60_000) : []))
  await beginPartition(pool, { pipeline: PIPELINE, topic: 'flights' })
  await writeBatch(pool, {
    ...{ pipeline: PIPELINE, topic: 'flights', partition: 0, expectedOffset: 0n, nextOffset: 30_002n },
    ...{ received: 30_002, scored: 30_000, anomalies: [], outbox: [] },
    deadLetters: [0n, 1n].map((offset) => ({
      ...{ offset: 30_000n + offset, recordTimeMs: nowMinute, reason: 'undecodable' as const, key: null, value: null },
      detail: 'Unexpected token <script>alert(1)</script>',
    })),
    scores: minuteScores(
      'now',
      at,
      at.map((_, i) => nll[i % 1_000]!),
      at.map((_, i) => (i % 1_000 < 990 ? 0 : 1)),
      at.map((_, i) => 1 - (i % 1_000) / 1_000),
    ),
  })
}
