import { keepTrying } from '@outflow/errors/retrying'
import { ModelDamaged, StoreUnavailable, storeTime } from '@outflow/store'
import { countVerdicts } from '@outflow/store/anomalies'
import { beat } from '@outflow/store/health-events'
import { listModels, type ModelSummary } from '@outflow/store/models'
import { BrokerUnavailable, countWindow } from '@outflow/streams'
import { beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { applyLabels } from './apply-labels.js'
import { trainOnce } from './fit/train-once.js'
import { keepFitting } from './lead.js'
import { adoptCandidate, settleShadow } from './shadow/run-shadow.js'
import type { TrainerContext } from './trainer-context.js'

const { leadership } = vi.hoisted(() => ({ leadership: new AbortController() }))

vi.mock('@outflow/store', async (original) => ({
  ...(await original<object>()),
  storeTime: vi.fn(async () => Date.now()),
  keepLeading: (
    _: unknown,
    __: string,
    act: (led: object, progressed: () => void) => unknown,
    options: Parameters<typeof keepTrying>[1],
  ) =>
    keepTrying(async (progressed) => {
      await act({ signal: AbortSignal.any([options.signal, leadership.signal]) }, progressed)
      leadership.signal.throwIfAborted()
    }, options),
}))
vi.mock('@outflow/store/health-events', () => ({ beat: vi.fn(async () => {}) }))
vi.mock('@outflow/store/anomalies', () => ({ countVerdicts: vi.fn() }))
vi.mock('@outflow/store/models', () => ({ listModels: vi.fn(async () => []) }))
vi.mock('@outflow/store/training', () => ({
  abandonFits: async () => {},
  listFits: async () => [],
  waitingRequest: async () => null,
}))
vi.mock('@outflow/streams', async (original) => ({
  ...(await original<object>()),
  countWindow: vi.fn(async () => 10_000),
}))
vi.mock('./apply-labels.js', () => ({ applyLabels: vi.fn(async () => {}) }))
vi.mock('./watch/watch-scores.js', () => ({ watchScores: () => async () => {} }))
vi.mock('./shadow/run-shadow.js', () => ({ adoptCandidate: vi.fn(), settleShadow: vi.fn(async () => null) }))
vi.mock('./fit/train-once.js', () => ({ trainOnce: vi.fn() }))
beforeEach(() => {
  vi.mocked(adoptCandidate).mockReset().mockResolvedValue()
  vi.mocked(trainOnce).mockReset()
})

/** The context of a trainer that leads until the signal aborts. */
const aContext = (signal: AbortSignal, telemetry: object, config: object = {}) =>
  ({
    config: {
      ...{ pipeline: 'flights', source: { topics: ['flights'] }, training: { minRows: 2_000, window: 3_600_000 } },
      ...config,
    },
    telemetry: { leadershipTaken() {}, ...telemetry },
    signal,
    listen: () => ({ close: async () => {} }),
  }) as unknown as TrainerContext

test('a trainer that leads but cannot work waits longer after each attempt (it took and lost leadership ten times a second)', async () => {
  vi.mocked(adoptCandidate).mockRejectedValue(new StoreUnavailable('too many connections'))
  const stop = new AbortController()
  const attempts: number[] = []
  const leadershipInterrupted = (_: unknown, attempt: number) => attempts.push(attempt)
  const leading = keepFitting(aContext(stop.signal, { leadershipInterrupted }))
  await vi.waitUntil(() => attempts.length === 3)
  stop.abort()
  await leading
  expect(attempts).toEqual([1, 2, 3])
})

test('an error before a fit is not counted as a failed fit (each check was, while the brokers were down), and a failed fit is', async () => {
  vi.mocked(countWindow).mockRejectedValueOnce(new BrokerUnavailable('Kafka is not available'))
  vi.mocked(trainOnce).mockRejectedValueOnce(new Error('the process of the fit was killed'))
  const stop = new AbortController()
  const reported: string[] = []
  const telemetry = {
    fitFailed: () => reported.push('fit failed'),
    trainingFailed: ({ message }: Error) => {
      reported.push(message)
      if (reported.length === 3) stop.abort()
    },
  }
  await keepFitting(aContext(stop.signal, telemetry))
  expect(reported).toEqual(['Kafka is not available', 'fit failed', 'the process of the fit was killed'])
})

test('a label on a model that cannot be read does not prevent fits (none was made after it)', async () => {
  vi.mocked(applyLabels).mockRejectedValueOnce(new ModelDamaged('the artefact does not match'))
  const stop = new AbortController()
  vi.mocked(trainOnce).mockImplementationOnce(async () => {
    stop.abort()
    return { became: 'known' }
  })
  const reported: string[] = []
  const report = ({ message }: Error) => reported.push(message)
  await keepFitting(aContext(stop.signal, { labelsFailed: report, trainingFailed: () => stop.abort() }))
  expect(trainOnce).toHaveBeenCalledOnce()
  expect(reported).toEqual(['the artefact does not match'])
})

test('a damaged candidate of an earlier trainer does not prevent fits (none was made)', async () => {
  vi.mocked(adoptCandidate).mockRejectedValue(new ModelDamaged('the artefact does not match'))
  const stop = new AbortController()
  vi.mocked(trainOnce).mockImplementationOnce(async () => {
    stop.abort()
    return { became: 'known' }
  })
  const trainingFailed = vi.fn()
  await keepFitting(aContext(stop.signal, { trainingFailed, leadershipInterrupted: () => stop.abort() }))
  expect(trainOnce).toHaveBeenCalledOnce()
  expect(trainingFailed.mock.calls).toMatchObject([[{ message: 'the artefact does not match' }, 1, 0]])
})

test('of heartbeats that fail in an outage, attempts that double are logged (each was: a line every five seconds of a fit)', async () => {
  const random = vi.spyOn(Math, 'random').mockReturnValue(0)
  onTestFinished(() => random.mockRestore())
  vi.mocked(beat).mockReset().mockRejectedValue(new StoreUnavailable('Postgres is not available'))
  const stop = new AbortController()
  vi.mocked(trainOnce).mockImplementation(
    () => new Promise((_, reject) => stop.signal.addEventListener('abort', reject)),
  )
  const storeConnectionLost = vi.fn()
  const leading = keepFitting(aContext(stop.signal, { storeConnectionLost }))
  await vi.waitUntil(() => vi.mocked(beat).mock.calls.length === 4)
  expect(storeConnectionLost.mock.calls.length).toBeLessThan(4)
  stop.abort()
  await leading
})

test('the heartbeat states that a shadow prevents a requested fit (status had no reason)', async () => {
  const stop = new AbortController()
  vi.mocked(settleShadow).mockResolvedValueOnce(600_000)
  vi.mocked(beat).mockReset().mockRejectedValueOnce(new StoreUnavailable('Postgres is not available'))
  vi.mocked(beat).mockImplementationOnce(async () => stop.abort())
  await keepFitting(aContext(stop.signal, { storeConnectionLost() {} }))
  expect(vi.mocked(beat).mock.lastCall![1].waitingFor).toMatch(/^a candidate runs as a shadow/)
})

test('no fit is due after one on a host whose clock is an hour ahead of Postgres (each was due at once after the last)', async () => {
  const stop = new AbortController()
  const stored = Date.now() - 3_600_000
  vi.mocked(storeTime).mockResolvedValueOnce(stored)
  const metadata = { features: [], calibration: { labels: null } } as unknown as ModelSummary['metadata']
  vi.mocked(listModels).mockResolvedValueOnce([
    { state: 'active', createdAt: new Date(stored), metadata } as ModelSummary,
  ])
  vi.mocked(countVerdicts).mockImplementationOnce(async () => {
    stop.abort()
    return { dismissed: 0, confirmed: 0 }
  })
  const training = { every: 3_600_000, window: 3_600_000, minRows: 2_000 }
  await keepFitting(aContext(stop.signal, {}, { features: [], training }))
  expect(trainOnce).not.toHaveBeenCalled()
})

test('a fit continues when the connection that leads is lost, and ends with the service (Postgres restarted, and it was lost)', async () => {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const fit = new Promise<AbortSignal>((resolve) => {
    vi.mocked(trainOnce).mockImplementation(async ({ signal }) => {
      resolve(signal)
      await new Promise((ended) => signal.addEventListener('abort', ended))
      throw signal.reason
    })
  })
  const leading = keepFitting(aContext(stop.signal, { leadershipInterrupted() {} }))
  const signal = await fit
  leadership.abort()
  expect(signal.aborted).toBe(false)
  stop.abort()
  expect(signal.aborted).toBe(true)
  await leading
})
