import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseConfig } from '@outflow/contracts'
import { featurePath } from '@outflow/contracts/feature'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { callOutflow } from '../support/call-outflow.js'
import { doctorFindings } from '../support/doctor-findings.js'
import { aFolder, aName, aTopic, kafkaBrokers } from '../support/infrastructure.js'
import { sendMessages } from '../support/topic-writer.js'

const brokers = kafkaBrokers().join(',')
const minutes = (after: number) => new Date(Date.UTC(2026, 0, 1) + after * 60_000).toISOString()
const initOf = (topic: string) =>
  callOutflow(['init', '--topic', topic, '--brokers', brokers, '--output', '-'], { env: { DATABASE_URL: '' } })

describe('outflow init of a file', () => {
  const env = { DATABASE_URL: '', KAFKA_BROKERS: '' }

  it('writes a configuration that train accepts, and replaces none without --force', async () => {
    const folder = await aFolder()
    const [input, out] = [join(folder, 'parcels.ndjson'), join(folder, 'outflow.yaml')]
    const train = ['train', '--config', out, '--input', input, '--output', 'parcels.model']
    await writeFile(input, parcels(300).join('\n'))
    const init = ['init', '--input', input, '--output', out]
    expect(await callOutflow(init, { env })).toMatchObject({
      code: 0,
      stdout: '',
      stderr: `${out}: 3 features, 0 fields left out, from the 300 records of ${input}\ncheck it, then run: outflow ${train.join(' ')}\n`,
    })

    const written = await readFile(out, 'utf8')
    expect(await callOutflow(init, { env })).toMatchObject({
      code: 2,
      stderr: `outflow: ${out} exists; --force replaces it, --output names another\n`,
    })
    expect(await readFile(out, 'utf8')).toBe(written)
    expect((await callOutflow([...init, '--force'], { env })).code).toBe(0)

    await writeFile(out, `${written}model: { layers: 2, hidden: [8] }\n`)
    const trained = await callOutflow(train.with(-1, join(folder, 'model')), { env })
    expect(trained.stderr).toContain('features: at cyclic, grams numeric, to categorical')
    expect(trained.code).toBe(0)
  })

  it('counts windowed features among the features that it prints (they were left out)', async () => {
    const folder = await aFolder()
    const input = join(folder, 'load.csv')
    const loads = Array.from({ length: 1_000 }, (_, index) => `${minutes(5 * index)},${(index * 37) % 91}\n`)
    await writeFile(input, `at,x[0]\n${loads.join('')}`)
    expect(
      await callOutflow(['init', '--input', input, '--output', join(folder, 'outflow.yaml')], { env }),
    ).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('outflow.yaml: 3 features, 1 field left out, from the 1,000 records of '),
    })
  })

  it.each([
    ['nothing to look at', ['--output', '-'], 'outflow: init needs either --input or --topic\n'],
    [
      'a topic of no broker',
      ['--topic', 't', '--output', '-'],
      'outflow: --topic needs --brokers, as host:port, or KAFKA_BROKERS, or a --config that names them\n',
    ],
    [
      'no field to use',
      ['--input', '-', '--output', '-'],
      'outflow: stdin has no field that a model can use (id, always 1)\n',
    ],
  ])('ends with 2 and one line where there is %s', async (_, args, stderr) => {
    expect(await callOutflow(['init', ...args], { env, stdin: '{"id":1}\n' })).toEqual({ code: 2, stdout: '', stderr })
  })
})

describe('outflow init of a topic', () => {
  it('writes a configuration from its latest records, and counts those that are not JSON', async () => {
    const topic = await aTopic({ partitions: 2 })
    await produce(topic, ['{"broken":', ...parcels(60)])

    const { code, stdout } = await initOf(topic)

    expect(code).toBe(0)
    expect(stdout).toContain('1 of 61 records would be dead letters: not JSON: ')
    const config = parseConfig(parse(stdout), {})
    expect(config).toMatchObject({
      kafka: { brokers: kafkaBrokers() },
      source: { topics: [topic], timestamp: '$.at' },
      features: [
        { path: '$.at', type: 'cyclic' },
        { path: '$.grams', type: 'numeric' },
        { path: '$.to', type: 'categorical' },
      ],
    })
  })

  it('names the commands that follow (of a topic it was doctor, which fails before migrate)', async () => {
    const topic = await aTopic()
    await produce(topic, parcels(50))
    const out = join(await aFolder(), 'a.yaml')
    const { stderr } = await callOutflow(['init', '--topic', topic, '--brokers', brokers, '--output', out])
    const next = ['migrate', 'doctor', 'run all'].map((command) => `outflow ${command} --config ${out}`)
    expect(stderr).toContain(' 0 fields left out, from 50 of the latest records of topic ')
    expect(stderr).toContain(`check it, then run: ${next.join(' && ')}\n`)
  })

  it('counts records that ingest rejects for their size, and names the delimiter of CSV (init accepted 16 MiB)', async () => {
    const topic = await aTopic()
    await produce(topic, ['a;b', 'c;d', 'a;b', 'c;d', 'e'.repeat(1_100)])
    const file = join(await aFolder(), 'csv.yaml')
    await writeFile(file, 'source: { format: csv, csv: { columns: [x, y] }, maxRecordBytes: 1KiB }')
    const init = ['init', '--topic', topic, '--brokers', brokers, '--config', file, '--output', '-']
    expect((await callOutflow(init)).stderr).toContain('source.csv names 2 columns; found 1 values, split at ","')
    await writeFile(file, 'source: { format: csv, csv: { columns: [x, y], delimiter: ; }, maxRecordBytes: 1KiB }')
    const { stdout } = await callOutflow(init)
    expect(stdout).toContain('1 of 5 records would be dead letters: a record has at most 1024 bytes')
    expect(parseConfig(parse(stdout), {}).source).toMatchObject({ maxRecordBytes: 1_024, csv: { delimiter: ';' } })
  })

  it('proposes the alert rate from the traffic of the last day, if the topic is older', async () => {
    const [steady, filledJustNow] = [await aTopic(), await aTopic()]
    const now = Date.now()
    // Every six minutes for two days: 240 records per day.
    await produce(steady, parcels(480), (index) => now - (479 - index) * 360_000)
    await produce(filledJustNow, parcels(480))

    expect((await initOf(steady)).stdout).toMatch(
      /detection: \{ alertRate: 0\.01 \} +# share of .*: about 2\.4 alerts a day, at 240 records a day/,
    )
    expect((await initOf(filledJustNow)).stdout).toMatch(
      /detection: \{ alertRate: 0\.001 \} +# share of normal records that may be anomalies\n/,
    )
  })

  it('proposes a training window that reaches the records of a topic without new ones', async () => {
    const topic = await aTopic()
    const from = Date.now() - 40.4 * 86_400_000
    await produce(topic, parcels(480), (index) => from + index)

    expect((await initOf(topic)).stdout).toMatch(/window: 81d +# .*; the last record is 40 days old\n +minRows: 240 /)
  })

  it('issue 17.3 and 17.4: the configuration of a topic with epoch seconds, dotted keys and counters rejects none of its records', async () => {
    const topic = await aTopic({ partitions: 3 })
    await produce(topic, Array.from({ length: 400 }, measurement))

    const { stdout } = await initOf(topic)

    expect(stdout).toMatch(
      /timestamp: \$\.ts +# a time in every record as epoch seconds, 2026-01-01T00:00 to 2026-01-02T09:15/,
    )
    expect(stdout).toMatch(
      /\n {2}# - \{ path: \$\.sent_total, type: numeric \} +# left out: rises from record to record/,
    )
    const config = parseConfig(parse(stdout), {})
    expect(config.features.map((feature) => [featurePath(feature), feature.type])).toEqual([
      ['$.ts', 'cyclic'],
      ['$["metrics.cpu"]', 'numeric'],
      ['$["Duration..in.seconds."]', 'numeric'],
      ['$.host', 'categorical'],
    ])
    const file = join(await aFolder(), 'hosts.yaml')
    await writeFile(file, `${stdout}events: { topic: ${topic}.events }\n`)
    expect(await doctorFindings(file)).toMatchObject({
      topics: {
        ok: true,
        detail: `${topic}.alerts, ${topic}.dead-letters, ${topic}.events: not there yet`,
        fix: `outflow run all --config ${file}, or run alerts: alerts creates them`,
      },
      records: { ok: true, detail: '400 read, 0 would be dead letters' },
    })
  })

  it.each([
    ['text', 'no record'],
    ['JSON', '{"test":1}'],
  ])('asks for the registry of a topic that also has %s (it did only if each value was framed)', async (_, stray) => {
    const topic = await aTopic()
    const framed = Array.from({ length: 20 }, (_, index) => `\0\0\0\0\u0001${index}`)
    await produce(topic, [...framed, stray])
    expect(await initOf(topic)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining('name the registry with --registry'),
    })
  })

  it('reports in one line what is wrong with the topic', async () => {
    const [empty, texts, absent] = [await aTopic(), await aTopic(), aName('absent')]
    await produce(texts, ['a;b', 'c;d'])
    for (const [topic, message] of [
      [empty, `outflow: topic ${empty}: it has no records\n`],
      [texts, `outflow: topic ${texts}: no record can be read as JSON (Avro and Protobuf need --registry); not JSON: `],
      [absent, `outflow: --topic ${absent}: no such topic at ${brokers}, or the user may not read it\n`],
    ] as const) {
      const ran = await initOf(topic)
      expect(ran.stderr).toContain(message)
      expect(ran).toMatchObject({ code: 2, stdout: '' })
    }
    expect((await initOf(texts)).stderr).toContain('; for CSV, set source: { format: csv, csv: { columns: [')
  })
})

const parcels = (count: number): string[] =>
  Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      at: new Date(1_767_225_600_000 + index * 3_600_000),
      grams: (index * 37) % 101,
      to: `hub ${index % 3}`,
    }),
  )

const measurement = (_: unknown, index: number): string =>
  JSON.stringify({
    ts: 1_767_225_600 + index * 300,
    sent_total: 5_000_000_000 + index * 1_500,
    'metrics.cpu': (index * 37) % 101,
    'Duration..in.seconds.': ((index * 53) % 97) / 10,
    host: `host-${index % 4}`,
  })

const produce = (topic: string, values: readonly string[], timestampOf = (_: number) => Date.now()) =>
  sendMessages(
    kafkaBrokers(),
    topic,
    values.map((value, index) => ({ key: `${index}`, value, timestampMs: timestampOf(index) })),
  )
