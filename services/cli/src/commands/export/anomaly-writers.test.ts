import type { StoredAnomaly } from '@outflow/store/anomalies'
import { parse } from 'csv-parse/sync'
import { parquetMetadata, parquetReadObjects } from 'hyparquet'
import { describe, expect, it } from 'vitest'
import type { AnomalyWriter } from './anomaly-writers.js'
import { csvWriter, parquetWriter } from './anomaly-writers.js'

const RARE = Number.MIN_VALUE

function anAnomaly(offset: bigint, overrides: Partial<StoredAnomaly> = {}): StoredAnomaly {
  return {
    pipeline: 'flights',
    topic: 'flights',
    partition: 3,
    offset,
    recordTimeMs: Date.UTC(2026, 0, 31, 8, 0, 0, 7),
    eventTimeMs: -62_135_596_800_000, // year 1
    entityKey: 'LAX',
    record: { distance: 3983, note: 'a "quoted", Ünïcode\nline' },
    nll: -2.5,
    pValue: 0.001,
    pUpper: 0.0012,
    counterfactual: null,
    unexplainable: null,
    windowed: [null, 12.5],
    missing: ['delay', 'origin'],
    severity: 'high',
    reasons: [
      {
        field: 'distance',
        bits: 9.25,
        observed: 3983,
        expected: 2475,
        range: [2400, 2500],
        text: 'distance 3,983 is far',
      },
      { field: 'origin', bits: 0.5, observed: 'LAX', expected: null, range: null, text: 'origin LAX' },
    ],
    modelId: 'm1',
    provisional: false,
    recalibrationId: 7n,
    detectedAt: new Date('2026-01-31T08:00:01.250Z'),
    rescored: false,
    verdict: 'expected',
    ...overrides,
  }
}

async function written(
  make: (output: { write(bytes: Uint8Array | string): Promise<void> }) => AnomalyWriter,
  ...batches: readonly (readonly StoredAnomaly[])[]
): Promise<Buffer> {
  const chunks: Buffer[] = []
  const writer = make({ write: async (bytes) => void chunks.push(Buffer.from(bytes as Uint8Array)) })
  for (const batch of batches) await writer.write(batch)
  await writer.end()
  return Buffer.concat(chunks)
}

/** A copy in its own buffer: hyparquet reads an ArrayBuffer from its beginning. */
const arrayBuffer = (bytes: Buffer): ArrayBuffer => new Uint8Array(bytes).buffer

describe('Parquet', () => {
  const largest = 2n ** 62n + 1n
  const odd = anAnomaly(largest, {
    entityKey: null,
    missing: [],
    reasons: null,
    unexplainable: 'the model was deleted',
    windowed: null,
    recalibrationId: null,
    rescored: true,
    pValue: RARE,
    nll: 1.5e300,
  })

  it('contains every value with its type, in one row group per write', async () => {
    const file = arrayBuffer(await written(parquetWriter, [anAnomaly(0n), odd], [anAnomaly(2n)]))
    const times = parquetMetadata(file).schema.filter(({ name }) => /_time$|_at$/.test(name))
    expect(times.map(({ logical_type }) => logical_type)).toEqual(
      Array(3).fill({ type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' }),
    )
    expect(parquetMetadata(file).row_groups.map(({ num_rows }) => num_rows)).toEqual([2n, 1n])
    const rows = await parquetReadObjects({ file })
    expect(rows).toHaveLength(3)
    expect(rows[0]).toEqual({
      pipeline: 'flights',
      topic: 'flights',
      partition: 3,
      offset: 0n,
      id: 'flights/flights/3/0',
      why: 'distance 3,983 is far',
      main_field: 'distance',
      verdict: 'expected',
      event_time: new Date(-62_135_596_800_000),
      record_time: new Date('2026-01-31T08:00:00.007Z'),
      entity_key: 'LAX',
      nll: -2.5,
      p_value: 0.001,
      p_upper: 0.0012,
      surprise_bits: -Math.log2(0.001),
      severity: 'high',
      model_id: 'm1',
      provisional: false,
      recalibration_id: 7n,
      rescored: false,
      unexplainable: null,
      windowed: '[null,12.5]',
      detected_at: new Date('2026-01-31T08:00:01.250Z'),
      counterfactual: null,
      record: JSON.stringify(anAnomaly(0n).record),
      missing: ['delay', 'origin'],
      reasons: [
        { field: 'distance', bits: 9.25, observed: '3983', expected: '2475', text: 'distance 3,983 is far' },
        { field: 'origin', bits: 0.5, observed: 'LAX', expected: null, text: 'origin LAX' },
      ],
    })
    expect(rows[1]).toMatchObject({
      offset: largest,
      entity_key: null,
      p_value: RARE,
      nll: 1.5e300,
      missing: [],
      reasons: [],
      unexplainable: 'the model was deleted',
      windowed: null,
      recalibration_id: null,
      rescored: true,
    })
  })

  it('is also a readable file without rows', async () => {
    expect(await parquetReadObjects({ file: arrayBuffer(await written(parquetWriter)) })).toEqual([])
  })
})

describe('CSV', () => {
  const read = async (...batches: readonly StoredAnomaly[][]) =>
    parse(await written(csvWriter, ...batches), { columns: true }) as Record<string, string>[]

  it('has one header line, and valid JSON in its cells', async () => {
    const rows = await read([anAnomaly(0n)], [anAnomaly(2n ** 62n + 1n)])
    expect(rows.map(({ offset }) => offset)).toEqual(['0', '4611686018427387905'])
    expect(rows[0]).toMatchObject({
      nll: '-2.5',
      id: 'flights/flights/3/0',
      record_time: '2026-01-31T08:00:00.007Z',
      verdict: 'expected',
      provisional: 'false',
      why: 'distance 3,983 is far',
    })
    expect(JSON.parse(rows[0]!.record!)).toEqual(anAnomaly(0n).record)
    expect(JSON.parse(rows[0]!.reasons!)).toEqual(anAnomaly(0n).reasons)
  })

  it('is written in parts of at most 500 rows (a whole batch was in memory several times)', async () => {
    const parts: string[] = []
    const writer = csvWriter({ write: async (part) => void parts.push(String(part)) })
    await writer.write(Array.from({ length: 1_001 }, (_, i) => anAnomaly(BigInt(i))))
    expect(parts.map((part) => parse(part).length)).toEqual([1 + 500, 500, 1])
  })

  it('also has its header line without rows', async () => {
    expect((await written(csvWriter)).toString()).toMatch(/^event_time,record_time,id,.*,reasons\n$/)
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1'])(
    'prevents a spreadsheet from executing %j, and does not change negative numbers',
    async (text) => {
      const [row] = await read([anAnomaly(0n, { entityKey: text })])
      expect(row).toMatchObject({ entity_key: `'${text}`, nll: '-2.5' })
    },
  )
})
