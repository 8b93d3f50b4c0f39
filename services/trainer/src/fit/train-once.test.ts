import { type FitReport, type GateReport, type ModelMetadata, parseConfig } from '@outflow/contracts'
import { TooFewRecords } from '@outflow/detector'
import { makeDecoder } from '@outflow/records'
import { type Log, makeMetrics } from '@outflow/runtime'
import { ModelUnknown, StoreUnavailable } from '@outflow/store'
import type { WindowRecord } from '@outflow/streams'
import { describe, expect, test, vi } from 'vitest'
import type { TrainerEffects } from '../effects.js'
import { makeTelemetry } from '../telemetry.js'
import type { TrainerProgress } from '../trainer-context.js'
import { type RoundOptions, trainOnce } from './train-once.js'

const config = parseConfig(
  {
    pipeline: 'flights',
    kafka: { brokers: ['localhost:9092'] },
    postgres: { url: 'postgres://localhost/outflow' },
    source: { topics: ['flights'] },
    features: [{ path: '$.delay', type: 'numeric' }],
    training: { minRows: 50, window: '1h' },
    alerts: { topic: 'flights.alerts' },
    deadLetters: { topic: 'flights.dead' },
  },
  {},
)
const { features } = config
const training = { durationMs: 1_000 }
const metadata = {
  provisional: false,
  modelId: 'm1',
  features,
  training,
  calibration: { rows: 5, smallestPValue: 1, medianNll: 0 },
} as ModelMetadata

const anIncumbent = (id = 'm0', own: Partial<ModelMetadata> = {}) => ({
  id,
  artefact: new Uint8Array(),
  metadata: { ...metadata, window: null, ...own },
})

const PASSED: GateReport = {
  passed: true,
  failures: [],
  checked: 10,
  against: 'independent fields',
  againstId: null,
  gain: { mean: 0.5, lower: 0.4, upper: 0.6, records: 10 },
  anomalyShare: 0.01,
  lowerHalf: 0.5,
  medianNll: 1,
  nllRange: [0, 2],
  scoringMicros: 1,
}

function windowOf(good: number, bad = 0): readonly WindowRecord[] {
  return Array.from({ length: good + bad }, (_, i) => ({
    topic: 'flights',
    partition: 0,
    offset: BigInt(i),
    timestampMs: i,
    key: null,
    value: Buffer.from(i < good ? `{"delay":${i}}` : 'broken'),
    headers: [],
  }))
}

function aRound(overrides: Partial<TrainerEffects> = {}, records = windowOf(60, 5)) {
  const defaults = {
    readWindow: vi.fn<TrainerEffects['readWindow']>(async ({ keep }) => ({
      records: records.map(keep),
      seen: records.length,
      isCutShort: false,
    })),
    incumbent: vi.fn<TrainerEffects['incumbent']>(async () => null),
    leftOut: vi.fn<TrainerEffects['leftOut']>(async () => ({ confirmed: new Set<string>(), spans: [] })),
    openReport: vi.fn<TrainerEffects['openReport']>(async () => 'fit-1'),
    noteStep: vi.fn<TrainerEffects['noteStep']>(async () => {}),
    closeReport: vi.fn<TrainerEffects['closeReport']>(async () => {}),
    train: vi.fn<TrainerEffects['train']>(async ({ recordsPerDay }) => ({
      artefact: new Uint8Array([1]),
      metadata: { ...metadata, ...(recordsPerDay && { recordsPerDay }) },
      fit: null,
      toLabel: [],
    })),
    score: vi.fn<TrainerEffects['score']>(async (_, records) =>
      Float64Array.from(records, ({ numbers }) => numbers[0]!),
    ),
    passGate: vi.fn<TrainerEffects['passGate']>(async () => PASSED),
    isNewest: vi.fn<TrainerEffects['isNewest']>(async () => true),
    store: vi.fn<TrainerEffects['store']>(async () => 'candidate'),
    promote: vi.fn<TrainerEffects['promote']>(async () => 'promoted'),
    failGate: vi.fn<TrainerEffects['failGate']>(async () => {}),
  }
  const effects = { ...defaults, ...(overrides as Partial<typeof defaults>) }
  const telemetry = vi.mockObject(makeTelemetry({} as Log, makeMetrics(), config.detection))
  const progress: TrainerProgress[] = []
  const options: RoundOptions = {
    config,
    decoder: makeDecoder(config.source),
    because: 'no model',
    fromMs: 6_400_000,
    offsets: 65,
    fewest: config.training.minRows,
    effects,
    telemetry,
    onProgress: (step) => progress.push(step),
    signal: new AbortController().signal,
  }
  return { effects, telemetry, progress, options }
}

test('the window of the configuration is fitted, and a model that passes is stored, then promoted', async () => {
  const { effects, telemetry, progress, options } = aRound()
  expect(await trainOnce(options)).toEqual({ became: 'promoted' })
  expect(effects.readWindow.mock.calls[0]?.[0]).toMatchObject({ fromMs: 6_400_000, maxRows: 200_000, seed: 1 })
  expect(effects.store).toHaveBeenCalledWith(expect.objectContaining({ id: 'm1', metrics: PASSED, parentId: null }))
  expect(effects.promote).toHaveBeenCalledWith('m1', 'no model')
  expect(effects.failGate).not.toHaveBeenCalled()
  expect(telemetry.fitStarted.mock.calls[0]?.slice(0, 2)).toMatchObject(['no model', { fitted: 50, heldOut: 10 }])
  expect(progress.at(-1)).toEqual({ stage: 'promoted', modelId: 'm1' })
})

test.each([
  ['the time between its first and last record', 120_000, 86_400_000, (65 / 128) * 24 * 60],
  ['an hour, if it is shorter because many records were loaded at once', 1, 86_400_000, 24 * 65],
  ['the configured window, if that is shorter than an hour', 1, 600_000, 24 * 6 * 65],
])('the record rate of a window is that of %s', async (_, spacingMs, window, recordsPerDay) => {
  const records = windowOf(60, 5).map((record) => ({ ...record, timestampMs: record.timestampMs * spacingMs }))
  const { effects, options } = aRound({}, records)
  const training = { ...config.training, window }
  await trainOnce({ ...options, config: { ...config, training } })
  expect(effects.train.mock.calls[0]![0].recordsPerDay).toBeCloseTo(recordsPerDay)
})

test('a record of the year 9999 does not lower the record rate below that of the training window (it was 0 a day)', async () => {
  const [first, ...rest] = windowOf(60, 5)
  const { effects, options } = aRound({}, [...rest, { ...first!, timestampMs: Date.parse('9999-01-01') }])
  await trainOnce(options)
  expect(effects.train.mock.calls[0]![0].recordsPerDay).toBeCloseTo(24 * 65)
})

test('the record rate counts rejected and excluded records with their time (a window of which half is excluded had twice the rate)', async () => {
  const records = windowOf(60, 60).map((record) => ({ ...record, timestampMs: record.timestampMs * 120_000 }))
  const spans = [{ from: new Date(0), to: new Date(5 * 120_000) }]
  const { effects, options } = aRound({ leftOut: async () => ({ confirmed: new Set(), spans }) }, records)
  const training = { ...config.training, window: 86_400_000 }
  await trainOnce({ ...options, config: { ...config, training } })
  expect(effects.train.mock.calls[0]![0].recordsPerDay).toBeCloseTo((120 / (119 * 2)) * 24 * 60)
})

test('issue 18: with an alertBudget the fit and the gate get the alert rate that follows from the window', async () => {
  const { effects, options } = aRound()
  const recordsPerDay = 65 * 24
  const detection = { alertBudget: 0.02 * recordsPerDay, recalibrateWithin: 1 }
  await trainOnce({ ...options, config: { ...config, detection } })
  expect(effects.train.mock.calls[0]![0].alertRate).toBeCloseTo(0.02)
  expect(effects.passGate.mock.calls[0]![0].alertRate).toBeCloseTo(0.02)
})

test('the records of the gate are held out of the fit', async () => {
  const { effects, options } = aRound()
  await trainOnce(options)
  const fitted = effects.train.mock.calls[0]![0].records
  const { heldOut } = effects.passGate.mock.calls[0]![0]
  expect(fitted).toHaveLength(50)
  expect(heldOut).toHaveLength(10)
  expect(new Set([...fitted, ...heldOut].map(({ numbers }) => numbers[0]))).toHaveProperty('size', 60)
})

test('the records of the gate are newer than the active model, also if its window has a record of the future (older ones were among them)', async () => {
  const window = { from: new Date(0).toISOString(), to: '9999-12-31T23:59:59.999Z' }
  const incumbent = anIncumbent('m0', { window, createdAt: new Date(599).toISOString() })
  const { effects, options } = aRound({ incumbent: async () => incumbent }, windowOf(1_000))
  await trainOnce(options)
  const { heldOut } = effects.passGate.mock.calls[0]![0]
  expect(Math.min(...heldOut.map(({ numbers }) => numbers[0]!))).toBeGreaterThan(599)
})

test('a candidate is compared with the model that is active after the fit, such as that of a rollback (it was with the one before)', async () => {
  const older = anIncumbent()
  const incumbent = vi.fn<TrainerEffects['incumbent']>(async () => older).mockResolvedValueOnce(anIncumbent('m2'))
  const { effects, options } = aRound({ incumbent })
  await trainOnce(options)
  expect(effects.passGate.mock.calls[0]![0].incumbent).toBe(older)
  expect(effects.store.mock.calls[0]![0].parentId).toBe('m0')
})

test('a candidate is compared with the incumbent unless their features differ, and always has it as parent', async () => {
  const incumbent = anIncumbent()
  const same = aRound({ incumbent: async () => incumbent })
  await trainOnce(same.options)
  expect(same.effects.passGate.mock.calls[0]![0].incumbent).toBe(incumbent)
  const other = aRound({ incumbent: async () => anIncumbent('m0', { features: [] }) })
  await trainOnce(other.options)
  expect(other.effects.passGate.mock.calls[0]![0].incumbent).toBeNull()
  for (const { effects } of [same, other]) {
    expect(effects.store).toHaveBeenCalledWith(expect.objectContaining({ parentId: 'm0' }))
    expect(effects.openReport).toHaveBeenCalledWith('no model', expect.anything(), 'm0')
  }
})

/** Delays of 0 to 9, and `each` of 1,000 from the given places on. */
function windowWithBursts(places: readonly number[], each: number): readonly WindowRecord[] {
  return windowOf(4_000).map((record, index) => {
    const isLate = places.some((place) => place <= index && index < place + each)
    return { ...record, value: Buffer.from(`{"delay":${isLate ? 1_000 : index % 10}}`) }
  })
}

describe('issue 20: a burst in the training window', () => {
  test('is left out, a first model is fitted again, and the span is logged', async () => {
    const { effects, telemetry, options } = aRound({}, windowWithBursts([700], 12))
    await trainOnce(options)
    const span = { from: '1970-01-01T00:00:00.700Z', to: '1970-01-01T00:00:00.712Z' }
    expect(telemetry.burstFound.mock.calls).toEqual([[span, 12, true]])
    expect(effects.train).toHaveBeenCalledTimes(2)
    const { fitted, heldOut } = effects.passGate.mock.calls[0]![0]
    expect([...fitted, ...heldOut].filter(({ numbers }) => numbers[0] === 1_000)).toEqual([])
    expect(effects.closeReport.mock.calls[0]![1].report.records).toMatchObject({
      excluded: 12,
      excludedBy: { confirmed: 0, named: 0, burst: 12 },
    })
  })

  test('is only logged if an earlier model has found its anomalies', async () => {
    const { effects, telemetry, options } = aRound(
      { incumbent: async () => anIncumbent() },
      windowWithBursts([700], 12),
    )
    await trainOnce(options)
    expect(telemetry.burstFound).toHaveBeenCalledWith(expect.anything(), 12, false)
    expect(effects.train).toHaveBeenCalledTimes(1)
  })

  test('is only logged if bursts recur, because they are then part of the stream', async () => {
    const { effects, telemetry, options } = aRound({}, windowWithBursts([200, 700, 1_200, 1_700], 8))
    await trainOnce(options)
    expect(telemetry.burstFound.mock.calls.map(([, , isLeftOut]) => isLeftOut)).toEqual([false, false, false, false])
    expect(effects.train).toHaveBeenCalledTimes(1)
  })
})

test('a fit stores its report: window, records, gate, outcome', async () => {
  const { effects, options } = aRound({
    leftOut: async () => ({ confirmed: new Set(['flights/0/3']), spans: [] }),
    readWindow: async ({ keep }) => ({ records: windowOf(60, 5).map(keep), seen: 90, isCutShort: true }),
  })
  await trainOnce(options)
  expect(effects.closeReport).toHaveBeenCalledTimes(1)
  const [fitId, { state, modelId, report }] = effects.closeReport.mock.calls[0]!
  expect({ fitId, state, modelId }).toEqual({ fitId: 'fit-1', state: 'promoted', modelId: 'm1' })
  expect(report).toMatchObject({
    seed: 1,
    window: { asked: '1970-01-01T01:46:40.000Z', from: '1970-01-01T00:00:00.000Z', to: '1970-01-01T00:00:00.059Z' },
    records: {
      seen: 90,
      sampled: 65,
      fitted: 49,
      heldOut: 10,
      rejected: 5,
      rejectedBy: { undecodable: 5 },
      excluded: 1,
    },
    gate: PASSED,
    error: null,
  } satisfies Partial<Record<keyof FitReport, unknown>>)
  expect(report.window.shortened).toMatch(/retention is shorter/)
})

test('a model that does not pass is stored as failed_gate, with the report', async () => {
  const report = { ...PASSED, passed: false, failures: ['it would flood'] }
  const { effects, options } = aRound({ passGate: async () => report })
  expect(await trainOnce(options)).toEqual({ became: 'failed_gate' })
  expect(effects.failGate).toHaveBeenCalledWith('m1', report)
  expect(effects.promote).not.toHaveBeenCalled()
  expect(effects.closeReport.mock.calls[0]![1]).toMatchObject({ state: 'failed_gate', report: { gate: report } })
})

test('a retired model that is fitted again and fails stays retired, and the fit ends as failed_gate (it was repeated for ever)', async () => {
  const failGate = vi.fn<TrainerEffects['failGate']>(() => Promise.reject(new ModelUnknown('no such model: m1')))
  const passGate = async () => ({ ...PASSED, passed: false, failures: ['it would flood'] })
  const { effects, options } = aRound({ passGate, store: async () => 'retired', failGate })
  expect(await trainOnce(options)).toEqual({ became: 'failed_gate' })
  expect(effects.promote).not.toHaveBeenCalled()
  expect(effects.closeReport.mock.calls[0]![1]).toMatchObject({ state: 'failed_gate', modelId: 'm1' })
})

test.each(['active', 'failed_gate', 'rolled_back'] as const)(
  'the same records gave the %s model again: nothing changes',
  async (state) => {
    const { effects, telemetry, options } = aRound({ store: async () => state })
    expect(await trainOnce(options)).toEqual({ became: 'known' })
    expect(effects.promote).not.toHaveBeenCalled()
    expect(effects.failGate).not.toHaveBeenCalled()
    expect(telemetry.modelKnown).toHaveBeenCalledWith('m1', state)
    expect(effects.closeReport.mock.calls[0]![1]).toMatchObject({ state: 'known', modelId: 'm1' })
  },
)

test('after a sample with too few good records a larger one is drawn, and at most maxRows are fitted', async () => {
  const all = windowOf(400, 100).toSorted((a, b) => (Number(a.offset) % 7) - (Number(b.offset) % 7))
  const readWindow = vi.fn<TrainerEffects['readWindow']>(async ({ maxRows, keep }) => ({
    records: all.slice(0, maxRows).map(keep),
    seen: all.length,
    isCutShort: false,
  }))
  const { effects, options } = aRound({ readWindow })
  const training = { ...config.training, minRows: 100, maxRows: 100 }
  expect(await trainOnce({ ...options, config: { ...config, training } })).toEqual({ became: 'promoted' })
  expect(readWindow.mock.calls.map(([{ maxRows }]) => maxRows)).toEqual([100, expect.any(Number)])
  expect(readWindow.mock.calls[1]![0].maxRows).toBeGreaterThan(125)
  const { fitted, heldOut } = effects.passGate.mock.calls[0]![0]
  expect(fitted.length + heldOut.length).toBe(100)
})

test('with too few good records nothing is fitted, and the number of missing ones is reported', async () => {
  const { effects, telemetry, options } = aRound({}, windowOf(30, 500))
  expect(await trainOnce(options)).toMatchObject({ became: 'too few', missing: 20 })
  expect(effects.train).not.toHaveBeenCalled()
  expect(effects.openReport).not.toHaveBeenCalled()
  expect(telemetry.rowsAwaited).toHaveBeenCalledWith(
    30,
    20,
    expect.toSatisfy(({ rejected }) => rejected.undecodable === 500),
  )
})

test('issue 17.7: a window of which every record is rejected is counted, and the outcome states why nothing is fitted', async () => {
  const { telemetry, options } = aRound()
  const misspelt = { ...config, features: [{ ...features[0]!, path: '$.dellay' } as (typeof features)[number]] }
  expect(await trainOnce({ ...options, config: misspelt })).toMatchObject({
    became: 'too few',
    why: 'training window: 65 records read, 65 rejected, for example: $.dellay is absent; a fit needs 50',
  })
  const rejected = expect.objectContaining({ missing_field: 60, undecodable: 5 })
  expect(telemetry.rowsAwaited).toHaveBeenCalledWith(0, 50, expect.objectContaining({ rejected }))
})

describe('with fewer than minRows records', () => {
  const provisional = () => {
    const round = aRound({}, windowOf(60))
    const training = { ...config.training, minRows: 2_000 }
    return { ...round, options: { ...round.options, config: { ...config, training }, fewest: 60 } }
  }

  test('the model is provisional if the round allows it', async () => {
    const { effects, options } = provisional()
    expect(await trainOnce(options)).toEqual({ became: 'promoted' })
    expect(effects.train.mock.calls[0]![0].provisional).toBe(true)
    expect(await trainOnce({ ...options, fewest: 61 })).toMatchObject({ became: 'too few', missing: 1 })
  })

  test('the model that replaces a provisional one passes the gate of a first model', async () => {
    const incumbent = anIncumbent('m0', { provisional: true })
    const { effects, options } = aRound({ incumbent: async () => incumbent }, windowWithBursts([700], 12))
    await trainOnce(options)
    expect(effects.train.mock.calls[0]![0].provisional).toBe(false)
    expect(effects.passGate.mock.calls[0]![0].incumbent).toBeNull()
    // Its bursts are left out, because alerts of the provisional model were withheld.
    expect(effects.train).toHaveBeenCalledTimes(2)
    expect(effects.store).toHaveBeenCalledWith(expect.objectContaining({ parentId: 'm0' }))
  })
})

test('the detector may require more records than the configuration', async () => {
  const { options } = aRound({ train: () => Promise.reject(new TooFewRecords('too few to calibrate')) })
  expect(await trainOnce(options)).toMatchObject({ became: 'too few' })
})

test('a failed fit throws and closes its report, and no model is stored', async () => {
  const { effects, options } = aRound({ train: () => Promise.reject(new Error('out of memory')) })
  await expect(trainOnce(options)).rejects.toThrow('out of memory')
  expect(effects.store).not.toHaveBeenCalled()
  const end = effects.closeReport.mock.calls[0]![1]
  expect(end).toMatchObject({ state: 'failed', modelId: null })
  expect(end.report.error?.message).toContain('out of memory')
})

test('a fitted model is kept and stored once Postgres answers (it was lost, and fitted again)', async () => {
  const { effects, telemetry, options } = aRound()
  for (const write of ['isNewest', 'store', 'promote', 'closeReport'] as const)
    effects[write].mockRejectedValueOnce(new StoreUnavailable('cannot execute INSERT in a read-only transaction'))
  expect(await trainOnce(options)).toEqual({ became: 'promoted' })
  expect(effects.train).toHaveBeenCalledTimes(1)
  expect(telemetry.modelWriteRetried).toHaveBeenCalledTimes(4)
  expect(effects.closeReport.mock.calls.map(([, { state }]) => state)).toEqual(['promoted', 'promoted'])
})

test('a fitted model is not stored if another trainer has begun a later fit', async () => {
  const { effects, telemetry, options } = aRound({ isNewest: async () => false })
  expect(await trainOnce(options)).toEqual({ became: 'superseded' })
  expect(telemetry.fitSuperseded).toHaveBeenCalledWith('m1')
  expect(effects.store).not.toHaveBeenCalled()
})
