import { alertEvent, eventMessage } from '@outflow/alerting'
import { explainedEventSchema } from '@outflow/contracts'
import type { TrainedDetector } from '@outflow/detector'
import { makeVitals } from '@outflow/runtime'
import { type Client, listen, openPool, type Queryable, withTransaction } from '@outflow/store'
import {
  alertsWithoutReasons,
  claimUnexplained,
  countUnexplained,
  explanationsAtTimes,
  listAnomalies,
  storeExplanations,
} from '@outflow/store/anomalies'
import { writeBatch } from '@outflow/store/batch'
import { claimOutboxOrder, type OutboxRow, takeOutbox, withholdAlerts } from '@outflow/store/outbox'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { runExplainer } from '../../services/alerts/src/explaining/run-explainer.js'
import { withReasons } from '../../services/alerts/src/explaining/with-reasons.js'
import { pool, url } from '../support/a-pool.js'
import { anAnomaly } from '../support/an-anomaly.js'
import { beginPartition } from '../support/begin-partition.js'
import { configWith } from '../support/config-with.js'
import { eventually } from '../support/eventually.js'
import { aName } from '../support/infrastructure.js'
import { lockWaits } from '../support/lock-waits.js'
import { windowedParcelModel } from '../support/parcel-models.js'
import { storeCandidate } from '../support/stored-model.js'

let model: TrainedDetector
let pipeline: string
beforeAll(async () => {
  model = await windowedParcelModel()
}, 240_000)
beforeEach(async () => {
  pipeline = aName('explainer')
  await storeCandidate(pool, pipeline, model)
  await beginPartition(pool, { pipeline, topic: 'parcels' })
})

/** Writes anomalies and their alerts as ingest does: letters of 90 kg, each less likely than the previous one. */
async function detect(count: number, { modelId = model.metadata.modelId, first = 0, nll = 100 } = {}): Promise<void> {
  const anomalies = Array.from({ length: count }, (_, at) =>
    anAnomaly(BigInt(first + at), {
      ...{ entityKey: 'depot', record: { kind: 'letter', grams: 90_000, millimetres: 220 } },
      ...{ windowed: [1, 5, null], nll: nll + at, modelId },
    }),
  )
  await writeBatch(pool, {
    ...{ pipeline, topic: 'parcels', partition: 0, expectedOffset: BigInt(first), nextOffset: BigInt(first + count) },
    ...{ received: count, scored: count, anomalies, deadLetters: [], scores: [] },
    outbox: anomalies.map((anomaly) => {
      const event = alertEvent({ ...anomaly, topic: 'parcels', partition: 0 }, { pipeline, detectedAtMs: Date.now() })
      return eventMessage(event, { topic: 'alerts' })
    }),
  })
}

/** Runs explainers until every anomaly is explained. @returns for each why it has no reasons; null: it has reasons */
async function explainAll(alerts: object = {}, explainers = 1): Promise<readonly (string | null)[]> {
  const stop = new AbortController()
  const explained: (string | null)[] = []
  const telemetry = {
    anomaliesExplained: (anomalies: readonly { readonly unexplainable: string | null }[]) => {
      explained.push(...anomalies.map(({ unexplainable }) => unexplainable))
    },
    explainerInterrupted: vi.fn(),
    storeConnectionLost: vi.fn(),
  }
  const detection = { alertRate: model.metadata.alertRate }
  const config = configWith({ pipeline, postgres: { url }, detection, alerts: { topic: 'alerts', ...alerts } })
  const untilWoken = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  const running = Array.from({ length: explainers }, () =>
    runExplainer({ config, pool, telemetry, metrics: makeVitals().metrics, untilWoken, signal: stop.signal }),
  )
  await eventually(async () => (await countUnexplained(pool, pipeline)) === 0, { what: 'every anomaly is explained' })
  stop.abort()
  await Promise.all(running)
  expect(telemetry.explainerInterrupted).not.toHaveBeenCalled()
  return explained
}

test('explaining reads no explained anomalies, although its plans are made while there are few', async () => {
  const single = openPool(url, { max: 1 })
  const explain = async (client: Client) => {
    const claimed = await claimUnexplained(client, { pipeline, limit: 32 })
    const explained = claimed.map((own) => ({ ...own, reasons: [], counterfactual: null, unexplainable: null }))
    await storeExplanations(client, pipeline, explained)
    await explanationsAtTimes(client, pipeline, [new Date()])
  }
  for (let round = 0; round < 20; round += 1) {
    await detect(10, { first: 10 * round })
    await withTransaction(single, explain)
  }
  expect(await countUnexplained(pool, pipeline)).toBe(0)
  const { rows } = await single.query<{ read: number }>(`
    select sum(seq_tup_read + idx_tup_fetch)::float8 as read from pg_stat_xact_user_tables where relname like 'anomalies%'`)
  await single.end()
  // Each of the 200 is read three times.
  expect(rows[0]!.read).toBeLessThan(1_000)
})

test('the reasons of two alerts are read without those of suppressed ones between them (all took a second to read)', async () => {
  await detect(1)
  await detect(20, { first: 1 })
  await detect(1, { first: 21 })
  await explainAll()
  const rows = await takeOutbox(pool, { pipeline, limit: 30 })
  let read = 0
  const query = async (statement: string) => {
    const found = await pool.query(statement)
    read += found.rows.length
    return found
  }
  const sent = await withReasons({ query } as Queryable, pipeline, [rows[0]!, rows[21]!])

  expect(sent.map(({ payload }) => JSON.parse(String(payload)).data.reasons[0].field)).toEqual(['grams', 'grams'])
  expect(read).toBe(2)
})

test('anomalies wake the explainer, and their reasons the relay', async () => {
  const woken: string[] = []
  const listening = listen({
    ...{ url, pipeline, pollMs: 600_000 },
    checks: { outflow_outbox: () => void woken.push('relay'), outflow_anomalies: () => void woken.push('explainer') },
  })
  await eventually(() => woken.length === 2, { what: 'the listener polls once at its start' })
  await detect(1)
  await eventually(() => woken.length === 3, { what: 'the anomaly is reported' })
  await explainAll()
  await eventually(() => woken.length === 4, { what: 'its reasons are reported' })
  await listening.close()

  expect(woken.slice(2)).toEqual(['explainer', 'relay'])
})

test('every anomaly of a burst gets its reasons, each from one of two explainers', async () => {
  await detect(100)
  expect(await explainAll({}, 2)).toEqual(new Array(100).fill(null))
  const { rows } = await pool.query(
    `select distinct reasons -> 0 ->> 'field' as field, counterfactual is not null as changes
     from outflow.anomalies where pipeline = $1`,
    [pipeline],
  )
  expect(rows).toEqual([{ field: 'grams', changes: true }])
})

test('the least likely anomalies are explained first, and claims of a killed explainer are claimed again', async () => {
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

test('a backlog does not delay new anomalies: the newest 1,000 are explained before older ones that are less likely', async () => {
  await detect(1, { nll: 9_000 })
  await detect(1_000, { first: 1 })
  const claim = () => withTransaction(pool, (client) => claimUnexplained(client, { pipeline, limit: 1 }))
  expect(await claim()).toMatchObject([{ offset: 1_000n, nll: 1_099 }])
  await pool.query(`update outflow.anomalies set reasons = '[]' where pipeline = $1 and "offset" = 1`, [pipeline])
  expect(await claim()).toMatchObject([{ offset: 0n, nll: 9_000 }])
})

test('anomalies of a model that has been deleted are marked as unexplainable, once', async () => {
  await detect(3, { modelId: 'gone' })
  expect(await explainAll()).toEqual(new Array(3).fill(expect.stringContaining('gone, which scored the record')))
  const { rows } = await pool.query(
    'select distinct reasons, unexplainable from outflow.anomalies where pipeline = $1',
    [pipeline],
  )
  expect(rows).toEqual([{ reasons: null, unexplainable: expect.stringContaining('model gone') }])
  const { items } = await listAnomalies(pool, { pipeline, sort: 'time', limit: 1 })
  expect(items[0]!.topReason).toBe(rows[0].unexplainable)
})

const EXPLANATION = {
  reasons: [{ field: 'grams', bits: 9, observed: 9, expected: 1, range: null, text: 'grams 9 is high' }],
  counterfactual: null,
}

describe('events with the reasons of alerts that were sent without them', () => {
  const explained = { explained: true }
  /** The events about reasons in the outbox, in the order of sending. */
  const following = async () => {
    const rows = await takeOutbox(pool, { pipeline, limit: 100 })
    return rows.filter(({ kind }) => kind === 'explained').map(({ payload }) => JSON.parse(String(payload)))
  }

  test('are sent with alerts.explained, one per alert, after the alerts', async () => {
    await detect(20)
    await takeOutbox(pool, { pipeline, limit: 100 })
    await explainAll(explained, 2)
    const events = await following()
    expect(events.map(({ data }) => data.alertId).toSorted()).toEqual(
      Array.from({ length: 20 }, (_, at) => `${pipeline}/parcels/0/${at}`).toSorted(),
    )
    for (const event of events) {
      expect(explainedEventSchema.parse(event)).toMatchObject({
        subject: 'depot',
        data: { reasons: [{ field: 'grams' }] },
      })
    }
    const kinds = (await takeOutbox(pool, { pipeline, limit: 100 })).map(({ kind }) => kind)
    expect(kinds).toEqual([...new Array(20).fill('alert'), ...new Array(20).fill('explained')])
  })

  test('are not sent for an alert that is still queued or suppressed', async () => {
    await detect(3)
    const { rows } = await pool.query('select min(id) as id from outflow.outbox where pipeline = $1', [pipeline])
    const suppressed = { topic: 'parcels', partition: 0, offset: 0n, because: 'cooldown' as const }
    await withholdAlerts(pool, pipeline, [{ ...suppressed, outboxId: BigInt(rows[0].id), ruleId: null, groupId: null }])
    await explainAll(explained)
    expect(await takeOutbox(pool, { pipeline, limit: 10 })).toHaveLength(2)
    expect(await following()).toEqual([])
  })

  test('are not sent when the reasons cannot be computed', async () => {
    await detect(2, { modelId: 'gone' })
    await takeOutbox(pool, { pipeline, limit: 10 })
    await explainAll(explained)
    expect(await following()).toEqual([])
  })

  test('are not missed: no alert is numbered between the check and the commit of its reasons', async () => {
    await detect(1)
    let taking: Promise<readonly OutboxRow[]> | undefined
    await withTransaction(pool, async (client) => {
      const claimed = await claimUnexplained(client, { pipeline, limit: 1 })
      await claimOutboxOrder(client, pipeline)
      expect(await alertsWithoutReasons(client, pipeline, claimed)).toEqual([])
      taking = takeOutbox(pool, { pipeline, limit: 10 })
      await eventually(async () => (await lockWaits(pool)) > 0, { what: 'the relay waits for the order of the outbox' })
      await storeExplanations(client, pipeline, [{ ...claimed[0]!, ...EXPLANATION, unexplainable: null }])
    })
    const [sent] = await withReasons(pool, pipeline, await taking!)
    expect(JSON.parse(String(sent!.payload)).data.reasons).toEqual(EXPLANATION.reasons)
  })

  test('are not sent by default', async () => {
    await detect(2)
    await takeOutbox(pool, { pipeline, limit: 10 })
    await explainAll()
    expect(await following()).toEqual([])
  })
})

test('alerts wait for their reasons and contain them', async () => {
  await detect(4)
  const take = () => takeOutbox(pool, { pipeline, limit: 10, reasonsWaitMs: 600_000 })
  expect(await take()).toEqual([])
  await explainAll()
  const rows = await withReasons(pool, pipeline, await take())
  expect(rows.map(({ payload }) => JSON.parse(String(payload)).data.reasons[0].field)).toEqual(
    new Array(4).fill('grams'),
  )
})

test('an alert whose reasons take too long is sent without them', async () => {
  await detect(2)
  const rows = await withReasons(pool, pipeline, await takeOutbox(pool, { pipeline, limit: 10, reasonsWaitMs: 0 }))
  expect(rows.map(({ payload }) => JSON.parse(String(payload)).data.reasons)).toEqual([[], []])
})

test('alerts of a clock that was set back do not wait for their reasons until that time', async () => {
  await detect(2)
  await pool.query(`update outflow.outbox set created_at = created_at + interval '1 hour' where pipeline = $1`, [
    pipeline,
  ])
  await pool.query(`update outflow.anomalies set detected_at = detected_at + interval '1 hour' where pipeline = $1`, [
    pipeline,
  ])
  expect(await takeOutbox(pool, { pipeline, limit: 10, reasonsWaitMs: 60_000 })).toHaveLength(2)
})
