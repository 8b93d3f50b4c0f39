import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { expectEachRecordCountedOnce, untilAllStored } from '../support/audit.js'
import { countsOf } from '../support/counts.js'
import { eventually } from '../support/eventually.js'
import { nextOf } from '../support/feed.js'
import { untilOutboxIsEmpty } from '../support/outbox.js'
import { parcelModel, windowedParcelModel } from '../support/parcel-models.js'
import { aParcelPipeline, type ParcelPipeline } from '../support/parcel-pipeline.js'
import { parcelMessages, WINDOWED_PARCEL_FEATURES } from '../support/parcels.js'
import { startService } from '../support/service-process.js'
import { readCommitted } from '../support/topic-reader.js'
import type { MessageToSend } from '../support/topic-writer.js'

/** An anomaly under every model of parcels, so that it is stored with its key. */
const HEAVY = JSON.stringify({ kind: 'letter', grams: 1e9, millimetres: 1 })
const UNDECODABLE = '{'
const LONG_KEY = randomBytes(50_000).toString('hex')

const POISON: readonly MessageToSend[] = [
  { key: LONG_KEY, value: HEAVY },
  { key: `${LONG_KEY}-`, value: HEAVY },
  { key: '\0', value: HEAVY },
  { key: LONG_KEY, value: UNDECODABLE, headers: [['trace', null]] },
  {
    ...{ key: 'depot-1', value: UNDECODABLE },
    headers: ['constructor', 'toString', '__proto__', ''].map((name) => [name, 'x'] as const),
  },
  { key: 'depot-1', value: UNDECODABLE, headers: Array.from({ length: 50_000 }, (_, index) => ['n', `${index}`]) },
]

/** Lets Postgres reject the statements that fire a trigger, with this code and message. */
async function refuse({ pool }: ParcelPipeline, trigger: string, code: string, message: string): Promise<void> {
  await pool.query(`
    create function outflow.refuse() returns trigger language plpgsql as $$
    begin
      raise exception '${message}' using errcode = '${code}';
    end $$;
    create trigger refused before ${trigger} execute function outflow.refuse()`)
}

test('issue 17.17, 17.18: long keys and hostile headers affect no other record, and are stored and sent', async () => {
  const pipeline = await aParcelPipeline({ model: await windowedParcelModel(), features: WINDOWED_PARCEL_FEATURES })
  const sound = nextOf(parcelMessages(18), 400).filter(({ truth }) => truth === 'normal')
  const messages = [...sound.slice(0, 200), ...POISON, ...sound.slice(200)]
  await pipeline.send(messages)

  const ingest = startService('ingest', pipeline.configFile)
  await pipeline.untilStored(messages.length)
  expect(await ingest.terminate()).toMatchObject({ code: 0 })

  const query = async (text: string) => (await pipeline.pool.query<Record<string, unknown>>(text)).rows
  const counts = await countsOf(pipeline.pool, pipeline.name)
  expect(counts).toMatchObject({ received: messages.length, scored: messages.length - 3, rejected: 3 })
  const keys = await query(`
    select entity_key from outflow.anomalies where (record ->> 'grams')::float8 = 1e9 order by entity_key`)
  expect(keys).toHaveLength(3)
  expect(keys.filter(({ entity_key }) => entity_key === '0x00')).toHaveLength(1)
  expect(
    keys.filter(({ entity_key }) => String(entity_key).startsWith(`${LONG_KEY.slice(0, 100)}…sha256:`)),
  ).toHaveLength(2)
  const states = await query('select entity from outflow.window_states where length(entity) > 100')
  expect(states).toHaveLength(2)

  const alerts = startService('alerts', pipeline.configFile)
  await untilOutboxIsEmpty(pipeline.pool)
  expect(await alerts.terminate()).toMatchObject({ code: 0 })
  const deadLetters = await readCommitted(pipeline.brokers, pipeline.topics.deadLetters)
  const headers = deadLetters.map((record) => record.headers)
  expect(headers).toContainEqual(expect.objectContaining({ trace: null }))
  expect(headers).toContainEqual(expect.objectContaining({ constructor: Buffer.from('x') }))
  expect(headers.map(({ n }) => n?.length ?? 0).toSorted((a, b) => a - b)).toEqual([0, 0, 50_000])
})

test('issue 17.20: a record that Postgres rejects affects no other record', async () => {
  const pipeline = await aParcelPipeline({ model: await parcelModel() })
  const poisoned = `insert on outflow.anomalies for each row when (new.entity_key = 'poison')`
  await refuse(pipeline, poisoned, '22023', 'refused by the test')
  const sound = nextOf(parcelMessages(20), 1_000).filter(({ truth }) => truth === 'normal')
  const messages = [...sound, ...sound.slice(0, 2)].map((message, index) =>
    index === 100 || index === 700 ? { key: 'poison', value: HEAVY } : message,
  )
  await pipeline.send(messages)
  const ingest = startService('ingest', pipeline.configFile)
  await pipeline.untilStored(messages.length)
  const counts = await countsOf(pipeline.pool, pipeline.name)
  expect(counts).toMatchObject({ received: messages.length, scored: messages.length - 2, rejected: 2 })
  const failed = await pipeline.pool.query("select detail from outflow.dead_letters where reason = 'failed'")
  expect(failed.rows).toEqual(Array(2).fill({ detail: expect.stringMatching(/^ValueRefused: .*refused by the test/) }))
  expect(await ingest.logged('record failed')).toMatchObject({ topic: pipeline.topics.source, level: 'error' })
})

test('issue 17.24: while Postgres rejects all writes, ingest is not ready, and reports the batch', async () => {
  const pipeline = await aParcelPipeline({ model: await parcelModel() })
  const ingest = startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(25)
  await pipeline.untilStoredMore(1_000)
  await refuse(pipeline, 'update on outflow.offsets for each row', '53100', 'the disk is full')
  const unready = await eventually(
    async () => {
      const { status, checks } = await ingest.readiness()
      return status === 503 && checks.ingest
    },
    { what: 'ingest is not ready', everyMs: 500 },
  )
  expect(unready).toMatchObject({
    postgres: { ok: true },
    batches: { ok: false, detail: expect.stringContaining(`the batch of ${pipeline.topics.source}/`) },
  })
  await pipeline.pool.query('drop trigger refused on outflow.offsets')
  await eventually(async () => (await ingest.readiness()).ready, { what: 'ingest is ready' })
  await feed.stop()
  await untilAllStored(pipeline)
  await expectEachRecordCountedOnce(pipeline)
})
