import { type ModelMetadata, parseConfig } from '@outflow/contracts'
import { TooFewRecords } from '@outflow/detector'
import { makeDecoder } from '@outflow/formats'
import type { WindowRecord } from '@outflow/streams'
import { expect, test, vi } from 'vitest'
import { type RoundOptions, type TrainerEffects, type TrainerProgress, trainOnce } from './train-once.js'

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
const metadata = { modelId: 'm1' } as ModelMetadata
const PASSED = { passed: true, failures: [], checked: 50, flaggedShare: 0.01, medianNll: 1 }

function windowOf(good: number, bad = 0): readonly WindowRecord[] {
  return Array.from({ length: good + bad }, (_, i) => ({
    topic: 'flights',
    partition: 0,
    offset: BigInt(i),
    timestampMs: i,
    key: null,
    value: Buffer.from(i < good ? `{"delay":${i}}` : 'broken'),
    headers: {},
  }))
}

function aRound(overrides: Partial<TrainerEffects> = {}, records = windowOf(60, 5)) {
  const defaults = {
    readWindow: vi.fn<TrainerEffects['readWindow']>(async () => ({ records, seen: records.length })),
    train: vi.fn<TrainerEffects['train']>(async () => ({ artefact: new Uint8Array([1]), metadata })),
    passGate: vi.fn<TrainerEffects['passGate']>(async () => PASSED),
    store: vi.fn<TrainerEffects['store']>(async () => 'candidate'),
    promote: vi.fn<TrainerEffects['promote']>(async () => {}),
    reject: vi.fn<TrainerEffects['reject']>(async () => {}),
  }
  const effects = { ...defaults, ...(overrides as Partial<typeof defaults>) }
  const telemetry = {
    fitStarted: vi.fn(),
    windowsRead: vi.fn(),
    rowsAwaited: vi.fn(),
    modelJudged: vi.fn(),
    modelKnown: vi.fn(),
  }
  const progress: TrainerProgress[] = []
  const options: RoundOptions = {
    config,
    decoder: makeDecoder(config.source),
    because: 'no model',
    effects,
    telemetry,
    onProgress: (step) => progress.push(step),
    signal: new AbortController().signal,
    now: () => 10_000_000,
  }
  return { effects, telemetry, progress, options }
}

test('the window of the configuration is fitted, and a model that passes is stored, then promoted', async () => {
  const { effects, telemetry, progress, options } = aRound()
  expect(await trainOnce(options)).toBe('promoted')
  expect(effects.readWindow.mock.calls[0]?.[0]).toMatchObject({ fromMs: 6_400_000, maxRows: 200_000, seed: 1 })
  expect(effects.train.mock.calls[0]?.[0].records).toHaveLength(60)
  // 65 records were seen within 59 ms: what an alert budget is turned into a rate by.
  expect(effects.train.mock.calls[0]?.[0].recordsPerDay).toBeCloseTo((65 / 59) * 86_400_000)
  expect(effects.store).toHaveBeenCalledWith(expect.objectContaining({ id: 'm1', metrics: PASSED }))
  expect(effects.promote).toHaveBeenCalledWith('m1')
  expect(effects.reject).not.toHaveBeenCalled()
  expect(telemetry.fitStarted.mock.calls[0]?.slice(0, 2)).toEqual(['no model', 60])
  expect(progress.at(-1)).toEqual({ stage: 'promoted', modelId: 'm1' })
})

test('a model that does not pass is kept as rejected, with the report', async () => {
  const report = { ...PASSED, passed: false, failures: ['it would flood'] }
  const { effects, options } = aRound({ passGate: async () => report })
  expect(await trainOnce(options)).toBe('rejected')
  expect(effects.reject).toHaveBeenCalledWith('m1', report)
  expect(effects.promote).not.toHaveBeenCalled()
})

test.each(['active', 'rejected'] as const)(
  'the same records gave the %s model again: nothing changes',
  async (state) => {
    const { effects, telemetry, options } = aRound({ store: async () => state })
    expect(await trainOnce(options)).toBe('known')
    expect(effects.promote).not.toHaveBeenCalled()
    expect(effects.reject).not.toHaveBeenCalled()
    expect(telemetry.modelKnown).toHaveBeenCalledWith('m1', state)
  },
)

test('too few good records are said to be so many too few, and nothing is fitted', async () => {
  const { effects, telemetry, progress, options } = aRound({}, windowOf(30, 500))
  expect(await trainOnce(options)).toBe('too few')
  expect(effects.train).not.toHaveBeenCalled()
  expect(telemetry.rowsAwaited).toHaveBeenCalledWith(30, 20)
  expect(progress.at(-1)).toEqual({ stage: 'waiting', rows: 30, minRows: 50 })
})

test('the detector may want more records than the configuration did', async () => {
  const { options } = aRound({ train: () => Promise.reject(new TooFewRecords('too few to calibrate')) })
  expect(await trainOnce(options)).toBe('too few')
})

test('a fit that fails is an error, and nothing is stored', async () => {
  const { effects, options } = aRound({ train: () => Promise.reject(new Error('out of memory')) })
  await expect(trainOnce(options)).rejects.toThrow('out of memory')
  expect(effects.store).not.toHaveBeenCalled()
})
