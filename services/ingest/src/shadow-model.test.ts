import { type Feature, featureSchema, type ModelMetadata } from '@outflow/contracts'
import type { Detector } from '@outflow/detector'
import { StoreRefused, StoreUnavailable } from '@outflow/store'
import { expect, test, vi } from 'vitest'
import { followShadow, type ShadowModelOptions } from './shadow-model.js'
import { aDetector } from './test-builders.js'

const FEATURES: readonly Feature[] = [featureSchema.parse({ path: '$.delay', type: 'numeric' })]
const alike = () => aDetector({ metadata: { ...aDetector().metadata, features: FEATURES } as ModelMetadata })

function following(open: ShadowModelOptions['open'] = async () => alike()) {
  const telemetry = { shadowServed: vi.fn(), shadowEnded: vi.fn(), shadowFailed: vi.fn() }
  const signal = new AbortController().signal
  return { telemetry, shadow: followShadow({ open, telemetry, pause: async () => {}, signal }) }
}

test('a candidate is lent from when it is open until another, or none, is to score beside', async () => {
  const detectors: Detector[] = []
  const { shadow, telemetry } = following(async () => {
    detectors.push(alike())
    return detectors.at(-1)!
  })
  expect(shadow.borrow(FEATURES)).toBeNull()
  shadow.follow('m2')
  await vi.waitFor(() => expect(telemetry.shadowServed).toHaveBeenCalledWith('m2'))
  const lease = shadow.borrow(FEATURES)
  expect(lease?.modelId).toBe('m2')
  shadow.follow(null)
  expect(shadow.borrow(FEATURES)).toBeNull()
  expect(detectors[0]?.close).not.toHaveBeenCalled()
  lease?.giveBack()
  expect(detectors[0]?.close).toHaveBeenCalledTimes(1)
  shadow.follow('m3')
  await vi.waitFor(() => expect(shadow.borrow(FEATURES)?.modelId).toBe('m3'))
})

test('one that looks at other features than the model in use is not lent', async () => {
  const { shadow, telemetry } = following()
  shadow.follow('m2')
  await vi.waitFor(() => expect(telemetry.shadowServed).toHaveBeenCalled())
  expect(shadow.borrow([])).toBeNull()
  expect(shadow.borrow(FEATURES)).not.toBeNull()
})

test('one that can not be opened is told of once; while the store is away it is asked for again', async () => {
  const refusing = following(async () => {
    throw new StoreRefused('damaged')
  })
  refusing.shadow.follow('m2')
  await vi.waitFor(() => expect(refusing.telemetry.shadowFailed).toHaveBeenCalledTimes(1))
  await refusing.shadow.close()
  let asked = 0
  const away = following(async () => {
    asked += 1
    if (asked === 1) throw new StoreUnavailable('away')
    return alike()
  })
  away.shadow.follow('m2')
  await vi.waitFor(() => expect(away.shadow.borrow(FEATURES)).not.toBeNull())
})

test('a candidate that is called off while it is being opened scores nothing and is closed', async () => {
  let open: (detector: Detector) => void = () => {}
  const { shadow, telemetry } = following(() => new Promise((resolve) => (open = resolve)))
  shadow.follow('m2')
  await vi.waitFor(() => open(alike()))
  const detector = alike()
  shadow.follow(null)
  open(detector)
  await shadow.close()
  expect(telemetry.shadowServed).not.toHaveBeenCalled()
  expect(shadow.borrow(FEATURES)).toBeNull()
})
