import { alertEvent, alertMessage } from '@outflow/alerting'
import { parseConfig } from '@outflow/contracts'
import type { TrainedDetector } from '@outflow/detector'
import { makeVitals } from '@outflow/runtime'
import { openPool, type Pool, withTransaction } from '@outflow/store'
import { type Anomaly, claimUnexplained, countUnexplained } from '@outflow/store/anomalies'
import { writeBatch } from '@outflow/store/batch'
import { insertModel } from '@outflow/store/models'
import { takeOutbox } from '@outflow/store/outbox'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { runExplainer } from '../../services/alerts/src/explaining/run-explainer.js'
import { withReasons } from '../../services/alerts/src/explaining/with-reasons.js'
import { beginPartition } from '../support/begin-partition.js'
import { eventually } from '../support/eventually.js'
import { aDatabase, aName } from '../support/infrastructure.js'
import { windowedParcelModel } from '../support/parcel-models.js'
import { aGateReport } from '../support/reports.js'

let url: string
let pool: Pool
let model: TrainedDetector
let pipeline: string
beforeAll(async () => {
  url = await aDatabase()
  pool = openPool(url)
  model = await windowedParcelModel()
}, 240_000)
afterAll(() => pool.end())
beforeEach(async () => {
  pipeline = aName('explainer')
  const { metadata, artefact } = model
  await insertModel(pool, {
    ...{ pipeline, id: metadata.modelId, artefact, metadata, metrics: aGateReport(), parentId: null },
  })
  await beginPartition(pool, { pipeline, topic: 'parcels' })
})

/** Writes anomalies and their alerts as ingest does: letters of 90 kg, each less likely than the one before. */
async function detect(count: number, modelId = model.metadata.modelId): Promise<void> {
  const anomalies = Array.from(
    { length: count },
    (_, at): Anomaly => ({
      offset: BigInt(at),
      ...{ recordTimeMs: Date.now(), eventTimeMs: Date.now(), entityKey: 'depot' },
      record: { kind: 'letter', grams: 90_000, millimetres: 220 },
      windowed: [1, 5, null],
      ...{ nll: 100 + at, pValue: 0.0001, pUpper: 0.001, missing: [], severity: 'high', modelId },
    }),
  )
  await writeBatch(pool, {
    ...{ pipeline, topic: 'parcels', partition: 0, expectedOffset: 0n, nextOffset: BigInt(count) },
    ...{ received: count, scored: count, anomalies, deadLetters: [], scores: [], rejections: [] },
    outbox: anomalies.map((anomaly) => {
      const event = alertEvent({ ...anomaly, topic: 'parcels', partition: 0 }, { pipeline, detectedAtMs: Date.now() })
      return alertMessage(event, { topic: 'alerts' })
    }),
  })
}

/** Runs an explainer; `end` resolves when it has ended, with the number of anomalies that it explained. */
function anExplainer() {
  const stop = new AbortController()
  const explained: (string | null)[] = []
  const { metrics } = makeVitals()
  const telemetry = {
    anomaliesExplained: (anomalies: readonly { readonly unexplainable: string | null }[]) => {
      explained.push(...anomalies.map(({ unexplainable }) => unexplainable))
    },
    explainerInterrupted: vi.fn(),
    storeConnectionLost: vi.fn(),
  }
  const config = { ...parseConfig(DOCUMENT, {}), pipeline, postgres: { url } }
  const untilWoken = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  const running = runExplainer({ config, pool, telemetry, metrics, untilWoken, signal: stop.signal })
  return {
    end: async () => {
      stop.abort()
      await running
      expect(telemetry.explainerInterrupted).not.toHaveBeenCalled()
      return explained
    },
  }
}

const DOCUMENT = {
  pipeline: 'parcels',
  kafka: { brokers: 'localhost:1' },
  postgres: { url: 'postgres://localhost/outflow' },
  source: { topics: ['parcels'] },
  features: [{ path: '$.grams', type: 'numeric' }],
  alerts: { topic: 'alerts' },
  deadLetters: { topic: 'dead' },
}

const allExplained = () =>
  eventually(async () => (await countUnexplained(pool, pipeline)) === 0, { what: 'every anomaly is explained' })

test('every anomaly of a burst gets its reasons, each from one of two explainers', async () => {
  await detect(100)
  const explainers = [anExplainer(), anExplainer()]
  await allExplained()
  const explained = (await Promise.all(explainers.map(({ end }) => end()))).flat()
  expect(explained).toEqual(new Array(100).fill(null))
  const { rows } = await pool.query(
    `select distinct reasons -> 0 ->> 'field' as field, counterfactual is not null as changes
     from outflow.anomalies where pipeline = $1`,
    [pipeline],
  )
  expect(rows).toEqual([{ field: 'grams', changes: true }])
})

test('the least likely anomalies come first, and claims of an explainer that was killed are claimed again', async () => {
  await detect(20)
  const crash = new Error('killed')
  const claim = () =>
    withTransaction(pool, async (client) => {
      const claimed = await claimUnexplained(client, { pipeline, limit: 3 })
      const others = await withTransaction(pool, (other) => claimUnexplained(other, { pipeline, limit: 3 }))
      expect([claimed, others].map((found) => found.map(({ offset }) => offset))).toEqual([
        [19n, 18n, 17n],
        [16n, 15n, 14n],
      ])
      throw crash
    })
  await expect(claim()).rejects.toBe(crash)
  await expect(claim()).rejects.toBe(crash)
})

test('anomalies of a model that has been deleted are marked as unexplainable, once', async () => {
  await detect(3, 'gone')
  const explainer = anExplainer()
  await allExplained()
  expect(await explainer.end()).toEqual(new Array(3).fill(expect.stringContaining('gone, which scored the record')))
  const { rows } = await pool.query(
    'select distinct reasons, unexplainable from outflow.anomalies where pipeline = $1',
    [pipeline],
  )
  expect(rows).toEqual([{ reasons: null, unexplainable: expect.stringContaining('model gone') }])
})

test('alerts wait briefly for their reasons and contain them; the wait is limited', async () => {
  await detect(4)
  const take = (reasonsWaitMs: number) => takeOutbox(pool, { pipeline, limit: 10, reasonsWaitMs })
  expect(await take(600_000)).toEqual([])
  const explainer = anExplainer()
  await allExplained()
  await explainer.end()
  const rows = await withReasons(pool, pipeline, await take(600_000))
  expect(rows.map(({ payload }) => JSON.parse(String(payload)).data.reasons[0].field)).toEqual(
    new Array(4).fill('grams'),
  )
})

test('an alert whose reasons take too long is sent without them', async () => {
  await detect(2)
  const rows = await withReasons(pool, pipeline, await takeOutbox(pool, { pipeline, limit: 10, reasonsWaitMs: 0 }))
  expect(rows.map(({ payload }) => JSON.parse(String(payload)).data.reasons)).toEqual([[], []])
})
