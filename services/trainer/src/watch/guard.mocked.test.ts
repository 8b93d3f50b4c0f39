import { storeTime } from '@outflow/store'
import { listModels, type ModelSummary } from '@outflow/store/models'
import { NLL_BUCKETS } from '@outflow/store/statistics'
import { expect, test, vi } from 'vitest'
import type { TrainerContext } from '../trainer-context.js'
import { makeGuard } from './guard.js'

vi.mock('@outflow/store', async (original) => ({ ...(await original<object>()), storeTime: vi.fn() }))
vi.mock('@outflow/store/models', () => ({ listModels: vi.fn() }))

test('a model of one minute is checked on a host whose clock is an hour ahead of Postgres (it never was)', async () => {
  const now = Date.now() - 3_600_000
  vi.mocked(storeTime).mockResolvedValue(now)
  const metadata = { features: [], calibration: { smallestPValue: 0.001 } } as unknown as ModelSummary['metadata']
  const metrics = { nllRange: [null, null] } as unknown as ModelSummary['metrics']
  const models = [
    { id: 'new', state: 'active', promotedAt: new Date(now - 60_000), metadata, metrics },
    { id: 'old', state: 'retired', promotedAt: new Date(now - 120_000), metadata, metrics },
  ]
  vi.mocked(listModels).mockResolvedValue(models as unknown as ModelSummary[])
  const guardHeld = vi.fn()
  const config = { pipeline: 'flights', training: { contamination: 0.01 } }
  const guard = makeGuard({ config, telemetry: { guardHeld } } as unknown as TrainerContext, async () => [])
  const histogram = new Array<number>(NLL_BUCKETS).fill(0)
  await guard('new', [{ minuteMs: now, scored: 1_000, anomalies: 900, histogram, pHistogram: [] }], 0.01)
  expect(guardHeld).toHaveBeenCalledOnce()
})
