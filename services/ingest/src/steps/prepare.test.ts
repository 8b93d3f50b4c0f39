import { OutflowError } from '@outflow/errors'
import { expect, test, vi } from 'vitest'
import { aDecoder, aDelivery, aKafkaRecord } from '../test-builders.js'
import { type PrepareOptions, prepareWith } from './prepare.js'

class RegistryAway extends OutflowError {
  readonly code = 'OUTFLOW_UNEXPECTED'
  override readonly retryable = true
}

function preparing(overrides: Partial<PrepareOptions> = {}) {
  const telemetry = { schemaFetchRetried: vi.fn() }
  const signal = new AbortController().signal
  return { step: prepareWith({ decoder: aDecoder(), telemetry, signal, ...overrides }), telemetry }
}

test('a delivery with cached schemas continues at once, with the current time', async () => {
  vi.spyOn(performance, 'now').mockReturnValueOnce(7)
  const delivery = aDelivery([aKafkaRecord(0, { delay: 1 }), aKafkaRecord(1, null)])
  expect(await preparing().step(delivery)).toEqual({ delivery, startedAtMs: 7 })
})

test('while schemas cannot be fetched the request is retried, and the delivery waits', async () => {
  const away = new RegistryAway('the registry is away')
  const prepare = vi.fn().mockRejectedValueOnce(away).mockRejectedValueOnce(away).mockResolvedValue(undefined)
  const { step, telemetry } = preparing({ decoder: { prepare } })
  const delivery = aDelivery([aKafkaRecord(0, {})])
  expect(await step(delivery)).toMatchObject({ delivery })
  expect(prepare).toHaveBeenCalledTimes(3)
  expect(telemetry.schemaFetchRetried.mock.calls.map(([of, error, attempt]) => [of, error, attempt])).toEqual([
    [delivery, away, 1],
    [delivery, away, 2],
  ])
})
