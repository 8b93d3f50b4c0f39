import { OutflowError } from '@outflow/errors'
import { firstValueFrom } from 'rxjs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { aDecoder, aDelivery, aKafkaRecord } from '../test-builders.js'
import { type PrepareOptions, prepareWith } from './prepare.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

class RegistryAway extends OutflowError {
  readonly code = 'OUTFLOW_UNEXPECTED'
  override readonly retryable = true
}

function preparing(overrides: Partial<PrepareOptions> = {}) {
  const telemetry = { schemaFetchRetried: vi.fn() }
  const signal = new AbortController().signal
  return { step: prepareWith({ decoder: aDecoder(), telemetry, signal, now: () => 7, ...overrides }), telemetry }
}

test('a delivery whose schemas are known goes through at once, with the time', async () => {
  const delivery = aDelivery([aKafkaRecord(0, { delay: 1 }), aKafkaRecord(1, null)])
  expect(await firstValueFrom(preparing().step(delivery))).toEqual({ delivery, startedAtMs: 7 })
})

test('while schemas can not be fetched they are asked for again, and nothing goes through', async () => {
  let attempts = 0
  const prepare = async () => {
    attempts += 1
    if (attempts < 12) throw new RegistryAway('the registry is away')
  }
  const { step, telemetry } = preparing({ decoder: { prepare } })
  const through = vi.fn()
  const delivery = aDelivery([aKafkaRecord(0, {})])
  step(delivery).subscribe(through)
  await vi.advanceTimersByTimeAsync(10)
  expect(through).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(through).toHaveBeenCalledWith({ delivery, startedAtMs: 7 })
  expect(telemetry.schemaFetchRetried).toHaveBeenCalledTimes(11)
})

test('a registry that refuses is an error at once', async () => {
  const prepare = () => Promise.reject(new TypeError('who are you?'))
  const { step } = preparing({ decoder: { prepare } })
  await expect(firstValueFrom(step(aDelivery([aKafkaRecord(0, {})])))).rejects.toThrow('who are you?')
})
