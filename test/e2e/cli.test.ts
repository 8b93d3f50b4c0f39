import { mkdtempSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { openDetector } from '@outflow/detector'
import { makeDecoder, messageReader } from '@outflow/records'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callOutflow } from '../support/call-outflow.js'
import { runOutflow } from '../support/run-outflow.js'

const folder = mkdtempSync(join(tmpdir(), 'outflow-cli-'))
const at = (name: string): string => join(folder, name)

interface Reading {
  readonly id: string
  readonly plant: string
  readonly load: number
  readonly heat: number
  readonly at: string
}

/** Readings of two plants whose heat depends on their load in different ways; the same in every run. */
function readings(count: number): Reading[] {
  let state = 42
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return Array.from({ length: count }, (_, index) => {
    const plant = random() < 0.5 ? 'north' : 'south'
    const load = 100 * random()
    const heat = (plant === 'north' ? 20 + load : 200 - load) + 2 * (random() + random() + random() - 1.5)
    const time = new Date(Date.UTC(2026, 0, 1) + index * 600_000).toISOString()
    return { id: `reading-${index}`, plant, load: round(load), heat: round(heat), at: time }
  })
}

const round = (value: number): number => Math.round(value * 100) / 100

/** The north plant at full load, with the heat that the south one would have. */
const WRONG: Reading = { id: 'wrong', plant: 'north', load: 90, heat: 110.5, at: '2026-01-02T00:00:00.000Z' }
const ODD: Reading = { ...WRONG, id: 'odd', heat: 20 }

const csv = (rows: readonly object[]): string =>
  [Object.keys(rows[0]!).join(','), ...rows.map((row) => Object.values(row).join(','))].join('\n').concat('\n')

const ndjson = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('')

const parseNdjson = (text: string): Record<string, unknown>[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

const normal = readings(500)
/** Few records, so that a fit ends soon. */
const few = normal.slice(0, 100)
const fresh = [...readings(600).slice(500), ODD, WRONG]

/** A configuration whose model is fitted in a second; files need neither its broker nor its database. */
const SMALL = {
  pipeline: 'plants',
  kafka: { brokers: ['127.0.0.1:1'] },
  postgres: { url: 'postgres://127.0.0.1:1/none' },
  source: { topics: ['plants'] },
  features: [
    { path: '$.plant', type: 'categorical' },
    { path: '$.load', type: 'numeric' },
    { path: '$.heat', type: 'numeric' },
  ],
  model: { layers: 2, hidden: [8] },
  detection: { alertRate: 0.05 },
  alerts: { topic: 'plants.alerts' },
  deadLetters: { topic: 'plants.dead-letters' },
}

beforeAll(async () => {
  await writeFile(at('normal.csv'), csv(normal))
  await writeFile(at('few.csv'), csv(few))
  await writeFile(at('fresh.csv'), csv(fresh))
  await writeFile(at('small.yaml'), JSON.stringify(SMALL))
  const trained = await runOutflow(['train', '--input', at('normal.csv'), '--seed', '3', '--output', at('model')])
  expect(trained.stderr).toContain('features: plant categorical, load numeric, heat numeric log, at cyclic')
  expect(trained.stderr).toContain('left out: id, text with 500 values in 500 rows')
  expect(trained).toMatchObject({ code: 0, stdout: '' })
})

afterAll(() => rm(folder, { recursive: true, force: true }))

describe('train', () => {
  it('warns of a value that probably stands for missing numbers', async () => {
    const coded = few.map((plant, index) => (index % 9 === 0 ? { ...plant, load: -999 } : plant))
    await writeFile(at('coded.csv'), csv(coded))
    const fit = ['train', '--config', at('small.yaml'), '--input', at('coded.csv'), '--output', at('coded.model')]
    expect((await callOutflow(fit)).stderr).toContain('warning: load: −999 is far from all others')
  })

  it('gives the same model for the same records, configuration and seed, from a pipe as from a file', async () => {
    const fit = ['train', '--config', at('small.yaml'), '--seed', '3', '--json']
    const [fromFile, fromPipe] = await Promise.all([
      runOutflow([...fit, '--input', at('few.csv'), '--output', at('small')]),
      runOutflow([...fit, '--input', '-', '--output', at('again')], { stdin: gzipSync(ndjson(few)) }),
    ])
    expect(fromPipe.code).toBe(0)
    const { modelId } = JSON.parse(fromFile.stdout).metadata
    expect(JSON.parse(fromPipe.stdout)).toMatchObject({
      rows: 100,
      metadata: { seed: 3, alertRate: 0.05, model: { layers: 2, hidden: [8] }, modelId },
    })
  })

  it('leaves out excluded columns; issue 17.10: warns that with few records no record can be an anomaly', async () => {
    await writeFile(at('rare.yaml'), JSON.stringify({ ...SMALL, detection: { alertRate: 0.01 } }))
    const fit = ['train', '--config', at('rare.yaml'), '--exclude', 'load', '--input', at('few.csv')]
    const trained = await callOutflow([...fit, '--output', at('excluded')])
    expect(trained).toMatchObject({ code: 0, stdout: '' })
    expect(trained.stderr).toContain('features: plant categorical, heat numeric\n')
    expect(trained.stderr).toContain(
      'warning: no record can be an anomaly at an alert rate of 0.01: no p-value is below 0.032',
    )
  })

  it('prints no backend and no steps for a model of categories alone', async () => {
    const fit = ['train', '--exclude', 'load', '--exclude', 'heat', '--exclude', 'at', '--input', at('few.csv')]
    const trained = await callOutflow([...fit, '--output', at('categories')])
    expect(trained.stderr).toMatch(/\nfitted to 70 records in [\d.]+ s\ncalibrated on 30 records/)
  })
})

describe('windowed features of a file', () => {
  const burst = { type: 'window', name: 'lately', aggregate: 'count', over: '1h', by: '$.plant', at: '$.at' }
  const configure = (feature: object) =>
    writeFile(at('windows.yaml'), JSON.stringify({ ...SMALL, features: [...SMALL.features, feature] }))

  it('issue 18: follow its order, as in a stream: readings that are normal one by one are anomalies in a burst', async () => {
    await configure(burst)
    const trained = await callOutflow([
      ...['train', '--config', at('windows.yaml'), '--input', at('normal.csv'), '--output', at('windows')],
    ])
    expect(trained.stderr).toContain('heat numeric, lately window\n')
    const usual = readings(600).slice(500)
    const crowded = usual.map((reading) => ({ ...reading, at: '2026-02-01T00:00:00.000Z' }))
    await writeFile(at('calm.ndjson'), ndjson([...usual, ...crowded.slice(0, 60)]))
    await callOutflow(['score', '--model', at('windows'), '--input', at('calm.ndjson'), '--output', at('calm.csv')])
    const nlls = (await readFile(at('calm.csv'), 'utf8')).trimEnd().split('\n').slice(1)
    const nll = nlls.map((line) => Number(line.split(',')[1]))
    expect(Math.min(...nll.slice(140))).toBeGreaterThan(Math.max(...nll.slice(0, 100)))
    expect(nll).toEqual(await nllOfStream(at('windows'), at('calm.ndjson')))
  })

  it('are rejected when they need a value that only Kafka has', async () => {
    const { by: _by, ...keyless } = burst
    await configure(keyless)
    const trained = await callOutflow([
      ...['train', '--config', at('windows.yaml'), '--input', at('normal.csv'), '--output', at('none')],
    ])
    expect(trained.code).toBe(2)
    expect(trained.stderr).toMatch(/lately needs Kafka's message key, which a file does not have/)
  })
})

/** Scores the lines of a file as ingest scores messages of one partition. */
async function nllOfStream(model: string, path: string): Promise<number[]> {
  const detector = await openDetector(await readFile(model))
  const decoder = makeDecoder({ format: 'json', maxRecordBytes: 1024, csv: { delimiter: ',' } })
  const { features } = detector.metadata
  const reader = messageReader({ decoder, source: {}, features, maxBytes: 1024 ** 2 })
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
  const fields = lines.map((line) => {
    const message = { topic: 'plants', partition: 0, key: null, timestampMs: 0, value: Buffer.from(line) }
    const record = reader.read(message)
    if ('reason' in record) throw new Error(record.detail)
    return record.fields
  })
  const { nll } = await detector.score(fields)
  await detector.close()
  return [...nll]
}

describe('score', () => {
  it('prints every row in input order, and flags the record whose combination of values is unusual', async () => {
    const scored = await runOutflow([
      ...['score', '--model', at('model'), '--input', at('fresh.csv'), '--output', at('scores.csv')],
    ])
    expect(scored).toMatchObject({ code: 0, stdout: '' })
    const lines = (await readFile(at('scores.csv'), 'utf8')).trimEnd().split('\n')
    expect(lines[0]).toBe('row,nll,p_value,anomaly')
    const rows = lines.slice(1).map((line) => line.split(','))
    expect(rows.map(([row]) => row)).toEqual(fresh.map((_, index) => String(index)))
    expect(rows.filter(([, , , anomaly]) => anomaly === 'true').length).toBeLessThan(10)
    expect(rows.at(-2)?.[3]).toBe('true')
    for (const [, nll, p, anomaly] of rows) {
      expect(Number.isFinite(Number(nll))).toBe(true)
      expect(anomaly).toBe(String(Number(p) <= 0.01))
    }
  })

  it('gives the same scores through pipes, compressed files and NDJSON', async () => {
    const score = ['score', '--model', at('model')]
    const [toPipe, asCsv] = await Promise.all([
      runOutflow([...score, '--input', '-', '--output', '-'], { stdin: gzipSync(ndjson(fresh)) }),
      runOutflow([...score, '--input', '-', '--output', '-', '--format', 'csv'], { stdin: ndjson(fresh) }),
      runOutflow([...score, '--input', at('fresh.csv'), '--output', at('scores.ndjson.gz')]),
      runOutflow([...score, '--input', '-', '--output', at('scores.dat'), '--format', 'csv'], { stdin: ndjson(fresh) }),
    ])
    expect(asCsv.stdout.split('\n')).toHaveLength(fresh.length + 2)
    expect(await readFile(at('scores.dat'), 'utf8')).toBe(asCsv.stdout)
    const fromPipe = parseNdjson(toPipe.stdout)
    expect(fromPipe).toHaveLength(fresh.length)
    expect(fromPipe[0]).toMatchObject({ row: 0, anomaly: expect.any(Boolean) })
    expect(parseNdjson(gunzipSync(await readFile(at('scores.ndjson.gz'))).toString())).toEqual(fromPipe)
  })

  it('accepts an alert rate, and reports as JSON', async () => {
    const scored = await callOutflow([
      ...['score', '--model', at('model'), '--input', at('fresh.csv'), '--output', at('s.csv')],
      ...['--alert-rate', '0.5', '--json'],
    ])
    const report = JSON.parse(scored.stdout)
    expect(report).toMatchObject({ rows: 102, alertRate: 0.5 })
    expect(report.anomalies).toBeGreaterThan(30)
  })
})

describe('explain', () => {
  it('prints the unusual field and its expected value', async () => {
    const explained = await callOutflow([
      ...['explain', '--model', at('model'), '--input', at('fresh.csv'), '--only-anomalies', '--json'],
    ])
    const anomaly = parseNdjson(explained.stdout).find(({ row }) => row === 100)
    expect(anomaly).toMatchObject({ line: 102, pValue: expect.any(Number), anomaly: true })
    const reasons = anomaly?.reasons as { field: string; expected: number }[]
    expect(reasons.find(({ field }) => field === 'heat')?.expected).toBeGreaterThan(50)
  })

  it('prints reasons as text without --json', async () => {
    const explained = await callOutflow(['explain', '--model', at('model'), '--input', '-'], { stdin: ndjson([ODD]) })
    expect(explained.code).toBe(0)
    expect(explained.stdout).toMatch(
      /^row 0 \(line 1\) {2}anomaly {2}(rarer than 1 in [\d,]+|beyond anything seen)\n {2}.* % {2}\S/,
    )
  })
})

describe('sample', () => {
  it('draws records that the model scores as normal, the same for the same seed', async () => {
    const draw = (seed: string) =>
      callOutflow(['sample', '--model', at('model'), '--rows', '300', '--seed', seed, '--output', '-'])
    const [first, again, other] = [await draw('5'), await draw('5'), await draw('6')]
    expect(again.stdout).toBe(first.stdout)
    expect(other.stdout).not.toBe(first.stdout)
    expect(first.stdout.split('\n')[0]).toBe('plant,load,heat,at')
    const scored = await callOutflow(
      ['score', '--model', at('model'), '--input', '-', '--output', at('sampled.csv'), '--json'],
      { stdin: first.stdout },
    )
    const { rows, anomalies } = JSON.parse(scored.stdout)
    expect(rows).toBe(300)
    expect(anomalies).toBeLessThan(30)
  })

  it('writes the input’s own fields as NDJSON', async () => {
    const drawn = await callOutflow([
      ...['sample', '--model', at('model'), '--rows', '3', '--format', 'ndjson', '--output', '-'],
    ])
    const records = parseNdjson(drawn.stdout)
    expect(records).toHaveLength(3)
    for (const record of records) {
      expect(record).toEqual({
        plant: expect.stringMatching(/^(north|south)$/),
        load: expect.any(Number),
        heat: expect.any(Number),
        at: expect.stringMatching(/^\d{4}-/),
      })
    }
  })
})

describe('bad usage and bad input exit with 2 and one line', () => {
  const good = csv(normal.slice(0, 3))
  const model = ['--model', at('model')]
  const scoring = ['score', ...model, '--output', at('never.csv')]

  it.each<[string, readonly string[], string, string]>([
    [
      'a number out of range',
      ['sample', ...model, '--rows', '0', '--output', '-'],
      '',
      "outflow: option '--rows <n>' argument '0' is invalid. Allowed: a whole number, at least 1.",
    ],
    [
      'a file that is not there',
      [...scoring, '--input', '/no/such.csv'],
      '',
      'outflow: cannot read /no/such.csv: no such file or folder',
    ],
    [
      'a model that is none',
      ['score', '--model', at('fresh.csv'), '--input', '-', '--output', '-'],
      good,
      `outflow: ${folder}/fresh.csv: `,
    ],
    [
      'a value of the wrong type',
      [...scoring, '--input', '-'],
      good.replace(/^(reading-1,\w+),[^,]+/m, '$1,full'),
      'outflow: stdin, line 3: $.load must be a number of magnitude up to 1e300, found "full"',
    ],
    [
      'a field that is missing',
      [...scoring, '--input', '-'],
      ndjson([{ plant: 'north', load: 3, at: '2026-01-02' }]),
      'outflow: stdin, line 1: $.heat is absent',
    ],
    [
      'a row that is too short',
      [...scoring, '--input', '-'],
      'plant,load,heat,at\nnorth,1,2\n',
      "outflow: stdin, line 2: 3 values for the header's 4 columns; at is missing",
    ],
    [
      'broken JSON',
      [...scoring, '--input', '-'],
      '{"plant":"north"}\n{"plant":\n',
      'outflow: stdin, line 2: not JSON: ',
    ],
    ['nothing at all', [...scoring, '--input', '-'], '', 'outflow: stdin: it is empty'],
    [
      'a JSON array',
      [...scoring, '--input', '-'],
      '[{"plant":"north"}]',
      'outflow: stdin, line 1: a JSON array; expected one record per line',
    ],
    [
      'a value of the wrong type in training',
      ['train', '--input', '-', '--output', at('never')],
      csv(normal.slice(0, 100)).replace(/^(reading-7,\w+),[^,]+/m, '$1,full'),
      'outflow: stdin, line 9: $.load must be a number of magnitude up to 1e300, found "full"',
    ],
    [
      'a column to exclude that is not there',
      ['train', '--input', '-', '--exclude', 'laod', '--output', at('never')],
      good,
      'outflow: stdin: no column laod to exclude (Did you mean load?)',
    ],
    [
      'too few rows to fit',
      ['train', '--input', '-', '--output', at('never')],
      good,
      'outflow: a model takes at least 30 records, got ',
    ],
    [
      'a configuration that is not there',
      ['train', '--input', '-', '--config', '/no/outflow.yaml', '--output', at('never')],
      good,
      'outflow: cannot read the configuration /no/outflow.yaml: ',
    ],
    [
      'a place where no model can be written',
      ['train', '--input', at('normal.csv'), '--output', at('no/such/folder/model')],
      '',
      `outflow: cannot write ${folder}/no/such/folder/model: no such file or folder`,
    ],
    [
      'an output that would replace the model',
      ['sample', ...model, '--rows', '1', '--output', at('model')],
      '',
      'is the file of --model, and would replace it; name another file',
    ],
    [
      'neither a file nor an anomaly to explain',
      ['explain', ...model],
      '',
      'outflow: explain needs --model and --input, or --anomaly',
    ],
    [
      'an anomaly that is not named as one',
      ['explain', '--anomaly', '17'],
      '',
      'outflow: an anomaly is named pipeline/topic/partition/offset, such as flights/flights/2/18043; got 17',
    ],
  ])('%s', async (_, args, stdin, line) => {
    const ran = await callOutflow(args, { stdin })
    expect(ran.stderr.split('\n')).toEqual([expect.stringContaining(line), ''])
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect((await readdir(folder)).filter((name) => name.startsWith('never'))).toEqual([])
  })
})
