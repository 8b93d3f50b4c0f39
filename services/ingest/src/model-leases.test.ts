import { type Feature, featureSchema, type ModelMetadata } from '@outflow/contracts'
import type { Detector } from '@outflow/detector'
import { StoreUnavailable } from '@outflow/store'
import { lastValueFrom, of } from 'rxjs'
import { expect, test, vi } from 'vitest'
import { keepModels, type ModelLeases, type ModelLeasesOptions } from './model-leases.js'
import { type IngestSteps, ingest } from './pipeline.js'
import { aDelivery, aDetector, aKafkaRecord } from './test-builders.js'
import { aReadStep } from './test-steps.js'

/** @returns the models, and the opened detectors by id */
function keeping(overrides: Partial<ModelLeasesOptions> = {}) {
  const opened = new Map<string, Detector>()
  const opening = async (id: string) => {
    const detector = aDetector()
    opened.set(id, detector)
    return detector
  }
  const telemetry = {
    modelServed: vi.fn(),
    modelNotOpened: vi.fn(),
    modelLoadRetried: vi.fn(),
    noModelLeft: vi.fn(),
    modelRecalibrated: vi.fn(),
    shadowServed: vi.fn(),
    shadowEnded: vi.fn(),
    shadowFailed: vi.fn(),
  }
  const models = keepModels({
    open: async (id) => ({ detector: await opening(id), promotedAt: null }),
    openShadow: opening,
    earlier: async () => [],
    telemetry,
    signal: new AbortController().signal,
    ...overrides,
  })
  return { models, opened, telemetry }
}

async function serving(modelId: string, overrides: Partial<ModelLeasesOptions> = {}) {
  const kept = keeping(overrides)
  kept.models.serve(modelId)
  await kept.models.first
  return kept
}

const untilServed = (models: ModelLeases, modelId: string) =>
  vi.waitFor(() => expect(models.current?.modelId).toBe(modelId))

const anOpened = () => ({ detector: aDetector(), promotedAt: null })

/** Opens models, except damaged ones. */
const openingBut =
  (isDamaged: (id: string) => boolean): ModelLeasesOptions['open'] =>
  async (id) => {
    if (isDamaged(id)) throw new Error('checksum differs')
    return anOpened()
  }

test('while no model is active, none is served', async () => {
  const { models } = keeping()
  models.serve(null)
  expect(models.current).toBeNull()
  expect(() => models.borrow()).toThrow('no model is served yet')
  models.serve('m1')
  await models.first
  expect(models.current?.modelId).toBe('m1')
})

test('p-values are recalibrated by the latest recalibration of their model, from the next batch on', async () => {
  const { models } = await serving('m1')
  const before = models.borrow()
  const recalibration = { at: [0, 1], shift: [0.1, 0.1] }
  models.recalibrate({ id: 7n, modelId: 'm1', recalibration: recalibration })
  expect(before.recalibration).toBeNull()
  expect(models.borrow()).toMatchObject({ recalibrationId: 7n, recalibration })
  models.serve('m2')
  await untilServed(models, 'm2')
  expect(models.borrow()).toMatchObject({ recalibrationId: null, recalibration: null })
})

test('a batch uses the model with which it began; the next one uses the newer model', async () => {
  const { models, opened } = await serving('m1')
  const first = models.borrow()
  models.serve('m2')
  await untilServed(models, 'm2')
  const second = models.borrow()
  expect([first.modelId, second.modelId]).toEqual(['m1', 'm2'])

  expect(opened.get('m1')?.close).not.toHaveBeenCalled()
  first.giveBack()
  expect(opened.get('m1')?.close).toHaveBeenCalledTimes(1)
  second.giveBack()
  expect(opened.get('m2')?.close).not.toHaveBeenCalled()
})

test('a model that no batch uses is closed when it is replaced', async () => {
  const { models, opened } = await serving('m1')
  models.serve('m2')
  await untilServed(models, 'm2')
  await models.close()
  expect(opened.size).toBe(2)
  for (const detector of opened.values()) expect(detector.close).toHaveBeenCalledTimes(1)
})

test('a failed batch returns its model leases, and models replaced meanwhile are closed', async () => {
  const { models, opened, telemetry } = await serving('m1')
  models.shadow('m2')
  await vi.waitFor(() => expect(telemetry.shadowServed).toHaveBeenCalled())
  const replaceThenFail = async () => {
    models.shadow(null)
    models.serve('m3')
    await untilServed(models, 'm3')
    expect([...opened.values()].map(({ close }) => vi.mocked(close).mock.calls.length)).toEqual([0, 0, 0])
    throw new StoreUnavailable('away')
  }
  const unused = () => {
    throw new Error('not reached')
  }
  const steps = {
    prepare: (delivery) => of({ delivery, startedAtMs: 0 }),
    read: aReadStep({ borrowModel: models.borrow }),
    observe: (batch) => of(batch),
    score: replaceThenFail,
    decide: unused,
    compare: unused,
    write: unused,
  } satisfies IngestSteps
  const delivery = aDelivery([aKafkaRecord(0, { delay: 1 })])
  const watch = { begun: vi.fn(), ended: vi.fn(), superseded: vi.fn(), recordFailed: vi.fn() }
  await lastValueFrom(of(delivery).pipe(ingest(steps, watch)), { defaultValue: null })
  expect(delivery.ended).toMatchObject([{ by: 'fail' }])
  expect([...opened].map(([id, { close }]) => [id, vi.mocked(close).mock.calls.length])).toEqual([
    ['m1', 1],
    ['m2', 1],
    ['m3', 0],
  ])
})

test('a damaged model is not opened, and the previous one stays in use', async () => {
  const { models, telemetry } = await serving('m1', {
    open: openingBut((id) => id === 'm2'),
    earlier: async () => ['m0'],
  })
  models.serve('m2')
  await vi.waitFor(() => expect(telemetry.modelNotOpened).toHaveBeenCalled())
  expect(telemetry.modelNotOpened.mock.calls[0]?.slice(0, 1)).toEqual(['m2'])
  expect(models.notOpened?.modelId).toBe('m2')
  expect(models.borrow().modelId).toBe('m1')
  models.serve('m3')
  await untilServed(models, 'm3')
  expect(models.notOpened).toBeNull()
})

test('if none is served yet, the latest earlier model that opens is served instead of a damaged one', async () => {
  const { models, telemetry } = await serving('m3', {
    open: openingBut((id) => id !== 'm1' && id !== 'm4'),
    earlier: async () => ['m2', 'm1', 'm0'],
  })
  expect(models.borrow().modelId).toBe('m1')
  expect(models.notOpened?.modelId).toBe('m3')
  expect(telemetry.modelNotOpened.mock.calls.map(([id]) => id)).toEqual(['m3', 'm2'])
  expect(telemetry.modelServed.mock.calls.map(([id, , swap]) => [id, swap.insteadOf])).toEqual([['m1', 'm3']])
  models.serve('m4')
  await untilServed(models, 'm4')
  expect(telemetry.modelServed).toHaveBeenLastCalledWith(
    'm4',
    expect.anything(),
    expect.objectContaining({ previousId: 'm1', insteadOf: null }),
  )
})

test('with a damaged model and no earlier one, none is served until another is active', async () => {
  const { models, telemetry } = keeping({ open: openingBut((id) => id === 'm1') })
  models.serve('m1')
  await vi.waitFor(() => expect(telemetry.noModelLeft).toHaveBeenCalledWith('m1'))
  expect(models.current).toBeNull()
  expect(models.notOpened?.modelId).toBe('m1')
  models.serve('m2')
  await models.first
  expect(models.current?.modelId).toBe('m2')
})

test('a load is retried while the store is not available', async () => {
  const open = vi
    .fn<ModelLeasesOptions['open']>()
    .mockRejectedValueOnce(new StoreUnavailable('away'))
    .mockRejectedValueOnce(new StoreUnavailable('away'))
    .mockImplementation(async () => anOpened())
  const { telemetry } = await serving('m1', { open })
  expect(telemetry.modelLoadRetried.mock.calls.map(([id, , attempt]) => [id, attempt])).toEqual([
    ['m1', 1],
    ['m1', 2],
  ])
})

test('a model that was replaced before it could be loaded is not loaded', async () => {
  const { models, opened } = keeping()
  models.serve('m1')
  models.serve('m2')
  models.serve('m3')
  await untilServed(models, 'm3')
  expect(opened.has('m2')).toBe(false)
})

test('a load that is retried does not prevent a newer model from being loaded', async () => {
  const open: ModelLeasesOptions['open'] = async (id) => {
    if (id === 'm1') throw new StoreUnavailable('away')
    return anOpened()
  }
  const { models, telemetry } = keeping({ open })
  models.serve('m1')
  await vi.waitFor(() => expect(telemetry.modelLoadRetried).toHaveBeenCalled())
  models.serve('m2')
  await untilServed(models, 'm2')
})

test('the wait for the first model ends when the service stops', async () => {
  const abort = new AbortController()
  const { models } = keeping({ signal: abort.signal })
  abort.abort()
  await models.first
  expect(models.current).toBeNull()
})

test('a lease contains the candidate once it is open, until it is replaced or removed', async () => {
  const { models, opened, telemetry } = await serving('m1')
  expect(models.borrow().shadow).toBeNull()
  models.shadow('m2')
  await vi.waitFor(() => expect(telemetry.shadowServed).toHaveBeenCalledWith('m2'))
  const lease = models.borrow()
  expect(lease.shadow?.modelId).toBe('m2')
  models.shadow(null)
  expect(telemetry.shadowEnded).toHaveBeenCalledWith('m2')
  expect(models.borrow().shadow).toBeNull()
  expect(opened.get('m2')?.close).not.toHaveBeenCalled()
  lease.giveBack()
  expect(opened.get('m2')?.close).toHaveBeenCalledTimes(1)
  models.shadow('m3')
  await vi.waitFor(() => expect(models.borrow().shadow?.modelId).toBe('m3'))
})

test('a lease contains a candidate with other features only once a model with the same features is served', async () => {
  const features: readonly Feature[] = [featureSchema.parse({ path: '$.distance', type: 'numeric' })]
  const withFeatures = () => aDetector({ metadata: { ...aDetector().metadata, features } as ModelMetadata })
  const { models, telemetry } = await serving('m1', {
    open: async (id) => ({ detector: id === 'm1' ? aDetector() : withFeatures(), promotedAt: null }),
    openShadow: async () => withFeatures(),
  })
  models.shadow('m2')
  await vi.waitFor(() => expect(telemetry.shadowServed).toHaveBeenCalled())
  expect(models.borrow().shadow).toBeNull()
  models.serve('m3')
  await untilServed(models, 'm3')
  expect(models.borrow().shadow?.modelId).toBe('m2')
})

test('a candidate that cannot be opened is logged once; while the store is not available the load is retried', async () => {
  const refusing = await serving('m1', { openShadow: () => Promise.reject(new Error('damaged')) })
  refusing.models.shadow('m2')
  await vi.waitFor(() => expect(refusing.telemetry.shadowFailed).toHaveBeenCalled())
  await refusing.models.close()
  expect(refusing.telemetry.shadowFailed).toHaveBeenCalledTimes(1)
  const openShadow = vi
    .fn()
    .mockRejectedValueOnce(new StoreUnavailable('away'))
    .mockImplementation(async () => aDetector())
  const away = await serving('m1', { openShadow })
  away.models.shadow('m2')
  await vi.waitFor(() => expect(away.models.borrow().shadow?.modelId).toBe('m2'))
})

test('a candidate that is removed while it is being opened scores nothing and is closed', async () => {
  const detector = aDetector()
  let open: (detector: Detector) => void = () => {}
  const openShadow = vi.fn(() => new Promise<Detector>((resolve) => (open = resolve)))
  const { models, telemetry } = await serving('m1', { openShadow })
  models.shadow('m2')
  await vi.waitFor(() => expect(openShadow).toHaveBeenCalled())
  models.shadow(null)
  open(detector)
  await vi.waitFor(() => expect(detector.close).toHaveBeenCalledTimes(1))
  expect(telemetry.shadowServed).not.toHaveBeenCalled()
  expect(models.borrow().shadow).toBeNull()
})
