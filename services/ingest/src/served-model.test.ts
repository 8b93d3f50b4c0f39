import type { Detector } from '@outflow/detector'
import { OutflowError } from '@outflow/errors'
import { expect, test, vi } from 'vitest'
import { type ServedModelOptions, serveModel } from './served-model.js'
import { aDetector } from './test-builders.js'

class StoreAway extends OutflowError {
  readonly code = 'OUTFLOW_UNEXPECTED'
  override readonly retryable = true
}

function serving(overrides: Partial<ServedModelOptions> = {}) {
  const opened = new Map<string, Detector>()
  const telemetry = {
    modelServed: vi.fn(),
    modelRefused: vi.fn(),
    modelLoadRetried: vi.fn(),
    noModelLeft: vi.fn(),
    scoresFollowed: vi.fn(),
  }
  const served = serveModel({
    open: async (id) => {
      const detector = aDetector()
      opened.set(id, detector)
      return { detector, promotedAt: null }
    },
    earlier: async () => [],
    telemetry,
    pause: async () => {},
    signal: new AbortController().signal,
    ...overrides,
  })
  return { served, opened, telemetry }
}

const anOpened = () => ({ detector: aDetector(), promotedAt: null })

test('while no model is active, nothing is served', async () => {
  const { served } = serving()
  served.follow(null)
  expect(served.current).toBeNull()
  expect(() => served.borrow()).toThrow('no model is served yet')
  served.follow('m1')
  await served.first
  expect(served.current?.modelId).toBe('m1')
})

test('p-values are moved as was told last, from the next batch on, and only those of the model that it was told of', async () => {
  const { served } = serving()
  served.follow('m1')
  await served.first
  const before = served.borrow()
  const following = { at: [0, 1], shift: [0.1, 0.1] }
  served.move({ id: 7n, modelId: 'm1', following })
  expect(before.followed).toBeNull()
  expect(served.borrow().followed).toEqual({ id: 7n, following })
  served.follow('m2')
  await vi.waitFor(() => expect(served.current?.modelId).toBe('m2'))
  expect(served.borrow().followed).toBeNull()
})

test('a batch keeps the model that it began with; the next one takes the newer', async () => {
  const { served, opened } = serving()
  served.follow('m1')
  await served.first
  const first = served.borrow()
  served.follow('m2')
  await vi.waitFor(() => expect(served.current?.modelId).toBe('m2'))
  const second = served.borrow()
  expect([first.modelId, second.modelId]).toEqual(['m1', 'm2'])

  expect(opened.get('m1')?.close).not.toHaveBeenCalled()
  first.giveBack()
  expect(opened.get('m1')?.close).toHaveBeenCalledTimes(1)
  second.giveBack()
  expect(opened.get('m2')?.close).not.toHaveBeenCalled()
})

test('a model that nobody uses is closed when it is replaced', async () => {
  const { served, opened } = serving()
  served.follow('m1')
  served.follow('m2')
  await vi.waitFor(() => expect(served.current?.modelId).toBe('m2'))
  await served.close()
  for (const detector of opened.values()) expect(detector.close).toHaveBeenCalledTimes(1)
})

test('a damaged model is refused, and the one before goes on', async () => {
  const { served, telemetry } = serving({
    open: async (id) => {
      if (id === 'm2') throw new Error('checksum differs')
      return anOpened()
    },
    earlier: async () => ['m0'],
  })
  served.follow('m1')
  await served.first
  served.follow('m2')
  await vi.waitFor(() => expect(telemetry.modelRefused).toHaveBeenCalled())
  expect(telemetry.modelRefused.mock.calls[0]?.slice(0, 1)).toEqual(['m2'])
  expect(served.refused?.modelId).toBe('m2')
  expect(served.borrow().modelId).toBe('m1')
  served.follow('m3')
  await vi.waitFor(() => expect(served.current?.modelId).toBe('m3'))
  expect(served.refused).toBeNull()
})

test('where none is served yet, the latest earlier model that opens stands in for a damaged one', async () => {
  const { served, telemetry } = serving({
    open: async (id) => {
      if (id !== 'm1' && id !== 'm4') throw new Error('checksum differs')
      return anOpened()
    },
    earlier: async () => ['m2', 'm1', 'm0'],
  })
  served.follow('m3')
  await served.first
  expect(served.borrow().modelId).toBe('m1')
  expect(served.refused?.modelId).toBe('m3')
  expect(telemetry.modelRefused.mock.calls.map(([id]) => id)).toEqual(['m3', 'm2'])
  expect(telemetry.modelServed.mock.calls.map(([id, , swap]) => [id, swap.insteadOf])).toEqual([['m1', 'm3']])
  served.follow('m4')
  await vi.waitFor(() => expect(served.current?.modelId).toBe('m4'))
  expect(telemetry.modelServed).toHaveBeenLastCalledWith(
    'm4',
    expect.anything(),
    expect.objectContaining({ previousId: 'm1', insteadOf: null }),
  )
})

test('a damaged model without an earlier one is waited out', async () => {
  const { served, telemetry } = serving({
    open: async (id) => {
      if (id === 'm1') throw new Error('checksum differs')
      return anOpened()
    },
  })
  served.follow('m1')
  await vi.waitFor(() => expect(telemetry.noModelLeft).toHaveBeenCalledWith('m1'))
  expect(served.current).toBeNull()
  expect(served.refused?.modelId).toBe('m1')
  served.follow('m2')
  await served.first
  expect(served.current?.modelId).toBe('m2')
})

test('a load is repeated while the store is away', async () => {
  let attempts = 0
  const { served, telemetry } = serving({
    open: async () => {
      attempts += 1
      if (attempts < 3) throw new StoreAway('away')
      return anOpened()
    },
  })
  served.follow('m1')
  await served.first
  expect(telemetry.modelLoadRetried).toHaveBeenCalledTimes(2)
})

test('a model that was replaced before its turn came is not loaded', async () => {
  const { served, opened } = serving()
  served.follow('m1')
  served.follow('m2')
  served.follow('m3')
  await vi.waitFor(() => expect(served.current?.modelId).toBe('m3'))
  expect(opened.has('m2')).toBe(false)
})

test('waiting for the first model ends with the service', async () => {
  const abort = new AbortController()
  const { served } = serving({ signal: abort.signal })
  abort.abort()
  await served.first
  expect(served.current).toBeNull()
})
