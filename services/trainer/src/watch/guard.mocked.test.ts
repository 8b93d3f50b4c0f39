import type { Fields } from '@outflow/records/fields'
import { storeTime } from '@outflow/store'
import { listModels, type ModelSummary, modelSummary, rollBackModel } from '@outflow/store/models'
import { NLL_BUCKETS } from '@outflow/store/statistics'
import { BrokerUnavailable } from '@outflow/streams'
import { expect, test, vi } from 'vitest'
import type { TrainerContext } from '../trainer-context.js'
import { withStored } from '../with-stored.js'
import { makeGuard } from './guard.js'

vi.mock('@outflow/store', async (original) => ({ ...(await original<object>()), storeTime: vi.fn() }))
vi.mock('@outflow/store/models', () => ({ listModels: vi.fn(), modelSummary: vi.fn(), rollBackModel: vi.fn() }))
vi.mock('../with-stored.js', () => ({ withStored: vi.fn() }))

const NOW = 1_700_000_000_000
const histogram = new Array<number>(NLL_BUCKETS).fill(0)
/** Nine anomalies in a hundred. */
const MINUTES = [{ minuteMs: NOW, scored: 1_000, anomalies: 90, histogram, pHistogram: [] }]

function store(models: readonly ModelSummary[]): void {
  vi.mocked(listModels).mockReset().mockResolvedValue(models)
  vi.mocked(modelSummary).mockImplementation(async (_, { id }) => models.find((model) => model.id === id) ?? null)
}

/** A guard of a model of one minute, which follows another one. */
function guardOf({
  labels = null,
  minutes = MINUTES,
}: {
  readonly labels?: object | null
  readonly minutes?: typeof MINUTES
}) {
  vi.mocked(storeTime).mockResolvedValue(NOW)
  const calibration = { smallestPValue: 0.001, labels }
  const metadata = { features: [], calibration } as unknown as ModelSummary['metadata']
  const metrics = { nllRange: [null, null] } as unknown as ModelSummary['metrics']
  const models = [
    { id: 'new', state: 'active', promotedAt: new Date(NOW - 60_000), metadata, metrics },
    { id: 'old', state: 'retired', promotedAt: new Date(NOW - 120_000), metadata, metrics },
  ]
  store(models as unknown as ModelSummary[])
  vi.mocked(withStored).mockImplementation(async (_, id) => (id === 'new' ? 0.09 : 0.01))
  vi.mocked(rollBackModel).mockResolvedValue({ to: 'old' } as Awaited<ReturnType<typeof rollBackModel>>)
  const telemetry = { boundsExceeded: vi.fn(), modelRolledBack: vi.fn() }
  const config = { pipeline: 'flights', training: { contamination: 0.01 } }
  const context = { config, telemetry } as unknown as TrainerContext
  let read: () => Promise<readonly Fields[]>
  const guard = makeGuard(context, () => read())
  const check = (records: readonly Fields[] | Error, id = 'new') => {
    read = async () => {
      if (records instanceof Error) throw records
      return records
    }
    return guard(id, minutes, 0.01)
  }
  return { telemetry, check }
}

const RECORD: Fields = { numbers: [], categories: [] }

test('a model of one minute is checked on a host whose clock is an hour ahead of Postgres (it never was)', async () => {
  vi.useFakeTimers({ now: NOW + 3_600_000, toFake: ['Date'] })
  const { telemetry, check } = guardOf({})
  expect(await check([])).toBe(false)
  expect(telemetry.boundsExceeded).toHaveBeenCalledOnce()
  vi.useRealTimers()
})

test('a model that finds many more anomalies than the one before it is rolled back', async () => {
  expect(await guardOf({}).check([RECORD])).toBe(true)
})

test('a check that fails is repeated at once (five minutes later, and a flood of alerts continued)', async () => {
  const { check } = guardOf({})
  await expect(check(new BrokerUnavailable('Kafka is not available'))).rejects.toThrow('Kafka is not available')
  expect(await check([RECORD])).toBe(true)
})

test('a model within its bounds is checked without reading all models (each check read the metadata of each)', async () => {
  const { check } = guardOf({ minutes: MINUTES.map((minute) => ({ ...minute, anomalies: 10 })) })
  expect(await check([RECORD])).toBe(false)
  expect(listModels).not.toHaveBeenCalled()
})

test('a model promoted after one that was left active is checked at once (after up to five minutes)', async () => {
  const { telemetry, check } = guardOf({})
  expect([await check([]), await check([])]).toEqual([false, false])
  expect(telemetry.boundsExceeded).toHaveBeenCalledOnce()
  const models = await listModels({} as never, 'flights')
  store(models.map((model) => (model.id === 'new' ? { ...model, id: 'newer' } : model)))
  vi.mocked(withStored).mockImplementation(async (_, id) => (id === 'newer' ? 0.09 : 0.01))
  expect(await check([RECORD], 'newer')).toBe(true)
})

test('a model made by labels is not rolled back: it finds the anomalies that people confirmed (it was)', async () => {
  const labels = { of: 'old', until: '2024-01-01T00:00:00.000Z', confirmed: 10, normal: 10 }
  expect(await guardOf({ labels }).check([RECORD])).toBe(false)
})
