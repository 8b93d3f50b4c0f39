import { type Config, parseConfig } from '@outflow/contracts'
import { featurePath } from '@outflow/contracts/feature'
import { openDetector, type TrainedDetector } from '@outflow/detector'
import { runIngest } from '@outflow/ingest'
import { makeVitals } from '@outflow/runtime'
import { openPool, type Pool } from '@outflow/store'
import { activeModel } from '@outflow/store/models'
import { runTrainer } from '@outflow/trainer'
import avsc from 'avsc'
import protobuf from 'protobufjs'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { framed } from '../fuzz/record-formats.js'
import { callOutflow } from '../support/call-outflow.js'
import { configWith } from '../support/config-with.js'
import { countsOf } from '../support/counts.js'
import { eventually } from '../support/eventually.js'
import { nextOf } from '../support/feed.js'
import { aDatabase, aName, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { parcelModel } from '../support/parcel-models.js'
import {
  isSound,
  PARCEL_ALERT_RATE,
  PARCEL_FEATURES,
  PARCEL_MODEL,
  type Parcel,
  parcelMessages,
} from '../support/parcels.js'
import { aGateTo, register, startSchemaRegistry, type TestRegistry } from '../support/schema-registry.js'
import { storeActive } from '../support/stored-model.js'
import { testLog } from '../support/test-log.js'
import { sendMessages } from '../support/topic-writer.js'

/** The same parcels in each format: decisions must not depend on the format. */

const AVRO = {
  type: 'record',
  name: 'Parcel',
  namespace: 'test.depot',
  fields: [
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['letter', 'parcel', 'crate'] } },
    { name: 'grams', type: ['null', 'double'] },
    { name: 'millimetres', type: 'double' },
    { name: 'seen', type: { type: 'long', logicalType: 'timestamp-millis' } },
  ],
}
const PROTO = `syntax = "proto3";
package test.depot;
import "google/protobuf/timestamp.proto";
import "kind.proto";
message Other { string text = 1; }
message Parcel {
  Kind kind = 1;
  optional double grams = 2;
  double millimetres = 3;
  google.protobuf.Timestamp seen = 4;
}`
const KIND_PROTO = 'syntax = "proto3"; package test.depot; enum Kind { letter = 0; parcel = 1; crate = 2; }'

const parcels = nextOf(parcelMessages(5), 400)
  .filter(isSound)
  .map(({ value }): Parcel => JSON.parse(String(value)))
const SEEN = Date.UTC(2026, 0, 1)

let registry: TestRegistry
let model: TrainedDetector
/** NLL of each parcel, computed by the model directly. */
let nlls: readonly number[]

beforeAll(async () => {
  ;[registry, model] = await Promise.all([startSchemaRegistry(), parcelModel()])
  console.log(`schema registry: ${registry.description}`)
  const detector = await openDetector(model.artefact)
  const fields = parcels.map((parcel) => detector.read(parcel))
  const { nll } = await detector.score(fields.flatMap((read) => ('reason' in read ? [] : [read])))
  nlls = [...nll]
  await detector.close()
})
afterAll(() => registry?.close())

async function avroWriter(): Promise<(parcel: Parcel) => Buffer> {
  const id = await register(registry, aName('avro'), { schema: JSON.stringify(AVRO) })
  const type = avsc.Type.forSchema(AVRO as never)
  return (parcel) => framed(id, type.toBuffer({ ...parcel, seen: SEEN }))
}

async function protobufWriter(): Promise<(parcel: Parcel) => Buffer> {
  const subject = aName('kind')
  await register(registry, subject, { schemaType: 'PROTOBUF', schema: KIND_PROTO })
  const references = [{ name: 'kind.proto', subject, version: 1 }]
  const id = await register(registry, aName('protobuf'), { schemaType: 'PROTOBUF', schema: PROTO, references })
  const root = protobuf.parse(KIND_PROTO).root
  root.addJSON(protobuf.common.get('google/protobuf/timestamp.proto')!.nested!)
  const type = protobuf.parse(PROTO, root).root.lookupType('test.depot.Parcel')
  // The second message type of its file.
  return (parcel) =>
    framed(id, Buffer.of(2, 2), type.encode(type.fromObject({ ...parcel, seen: { seconds: SEEN / 1_000 } })).finish())
}

interface Running {
  readonly pool: Pool
  readonly config: Config
}

const produce = (topic: string, values: readonly (Buffer | null)[]) =>
  sendMessages(
    kafkaBrokers(),
    topic,
    values.map((value) => ({ key: null, value })),
  )

/** A pipeline that reads these values until the end of the test. */
async function reading(
  source: object,
  values: readonly (Buffer | null)[],
  options: { train?: boolean } = {},
): Promise<Running> {
  const topic = await aTopic()
  await produce(topic, values)
  const config = configWith({
    pipeline: aName('formats'),
    kafka: { brokers: kafkaBrokers() },
    postgres: { url: await aDatabase() },
    source: { topics: [topic], tombstones: 'reject', ...source },
    features: PARCEL_FEATURES,
    model: PARCEL_MODEL,
    training: { minRows: 100, niceness: 0 },
    detection: { alertRate: PARCEL_ALERT_RATE },
    alerts: { topic: `${topic}.alerts` },
    deadLetters: { topic: `${topic}.dead` },
  })
  const pool = openPool(config.postgres.url)
  const { pipeline } = config
  if (options.train !== true) await storeActive(pool, pipeline, model)
  const abort = new AbortController()
  const shared = { config, log: testLog(), vitals: makeVitals(), signal: abort.signal }
  const services = [runIngest(shared), ...(options.train === true ? [runTrainer(shared)] : [])]
  onTestFinished(async () => {
    abort.abort()
    await Promise.allSettled(services)
    await pool.end()
  })
  return { pool, config }
}

const counted = ({ pool, config }: Running) => countsOf(pool, config.pipeline)

const untilReceived = (running: Running, count: number) =>
  eventually(async () => (await counted(running)).received === count, { what: `${count} records are counted` })

async function expectDecisionsOfTheModel({ pool }: Running): Promise<void> {
  const { rows } = await pool.query('select "offset"::int as at, nll, record from outflow.anomalies order by "offset"')
  expect(rows.length).toBeGreaterThan(0)
  for (const { at, nll, record } of rows) {
    expect(Math.abs(nll - nlls[at]!)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(nlls[at]!)))
    expect(Number(record.grams)).toBe(parcels[at]!.grams)
  }
  const threshold = Math.min(...rows.map(({ nll }) => nll))
  expect(rows).toHaveLength(nlls.filter((nll) => nll >= threshold * (1 - 1e-6)).length)
}

describe('the same records get the same decisions in every format', () => {
  const writers: [string, object, () => Promise<(parcel: Parcel) => Buffer>][] = [
    ['json', {}, async () => (parcel) => Buffer.from(JSON.stringify(parcel))],
    [
      'csv',
      { csv: { columns: ['millimetres', 'note', 'kind', 'grams'], delimiter: ';' } },
      async () => (parcel) =>
        Buffer.from(`${parcel.millimetres};"a; ""quoted"" note";${parcel.kind};${parcel.grams}\r\n`),
    ],
    ['avro', { timestamp: '$.seen' }, avroWriter],
    ['protobuf', { timestamp: '$.seen' }, protobufWriter],
  ]

  test.each(writers)('%s', async (format, settings, makeWriter) => {
    const write = await makeWriter()
    const broken = [Buffer.from('no record'), Buffer.of(0, 0, 0), null]
    const usesRegistry = format === 'avro' || format === 'protobuf'
    const source = { format, ...settings, ...(usesRegistry ? { registry: { url: registry.url } } : {}) }
    const running = await reading(source, [...parcels.map(write), ...broken])
    await untilReceived(running, parcels.length + broken.length)
    expect(await counted(running)).toMatchObject({ scored: parcels.length, rejected: broken.length })
    await expectDecisionsOfTheModel(running)
  })
})

test.each([
  ['avro', avroWriter],
  ['protobuf', protobufWriter],
])('%s: init finds the format and the fields of a topic by the schema registry', async (format, writer) => {
  const write = await writer()
  const topic = await aTopic()
  await produce(topic, parcels.slice(0, 300).map(write))
  const args = ['init', '--topic', topic, '--brokers', kafkaBrokers().join(','), '--output', '-']
  const unframed = await callOutflow(args)
  expect(unframed).toMatchObject({ code: 2, stderr: expect.stringContaining('name the registry with --registry') })

  const { stdout } = await callOutflow([...args, '--registry', registry.url], { env: { DATABASE_URL: '' } })
  const { source, features } = parseConfig(parse(stdout), {})
  expect(source).toMatchObject({ format, registry: { url: registry.url } })
  expect(features.map((feature) => `${featurePath(feature)} ${feature.type}`)).toEqual(
    expect.arrayContaining(['$.kind categorical', '$.grams numeric', '$.millimetres numeric']),
  )
})

test('avro: the trainer reads the topic as ingest does', async () => {
  const write = await avroWriter()
  const running = await reading({ format: 'avro', registry: { url: registry.url } }, parcels.map(write), {
    train: true,
  })
  await untilReceived(running, parcels.length)
  expect(await counted(running)).toMatchObject({ scored: parcels.length, rejected: 0 })
  const trained = await activeModel(running.pool, running.config.pipeline)
  expect(trained?.metadata?.features.map(featurePath)).toEqual(['$.kind', '$.grams', '$.millimetres'])
})

test('while the registry is down the partition waits: no record is lost, none is rejected', async () => {
  const write = await avroWriter()
  const values = parcels.slice(0, 50).map(write)
  const gate = await aGateTo(registry)
  const running = await reading({ format: 'avro', registry: { url: gate.url } }, values)
  await eventually(() => gate.refused() >= 2, { what: 'two requests to the registry have failed' })
  expect(await counted(running)).toMatchObject({ received: 0, scored: 0, rejected: 0 })
  gate.open()
  await untilReceived(running, values.length)
  expect(await counted(running)).toMatchObject({ received: values.length, scored: values.length, rejected: 0 })
})
