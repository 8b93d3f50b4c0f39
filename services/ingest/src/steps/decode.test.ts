import { OutflowError } from '@outflow/errors'
import type { RecordDecoder } from '@outflow/formats'
import { firstValueFrom } from 'rxjs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { aDecoder, aDelivery, aKafkaRecord } from '../test-builders.js'
import { type DecodeOptions, decodeWith } from './decode.js'

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

function decoding(overrides: Partial<DecodeOptions> = {}) {
  const telemetry = { schemaFetchRetried: vi.fn() }
  const signal = new AbortController().signal
  return { step: decodeWith({ decoder: aDecoder(64), telemetry, signal, now: () => 7, ...overrides }), telemetry }
}

test('records and rejects of a delivery are parted, each with its source', async () => {
  const records = [aKafkaRecord(0, { delay: 1 }), aKafkaRecord(1, Buffer.from('{')), aKafkaRecord(2, null)]
  const batch = await firstValueFrom(decoding().step(aDelivery(records)))
  expect(batch.records).toEqual([{ source: records[0], record: { delay: 1 } }])
  expect(batch.rejected.map(({ source, rejection }) => [source, rejection.reason])).toEqual([
    [records[1], 'undecodable'],
    [records[2], 'empty'],
  ])
  expect(batch.startedAtMs).toBe(7)
})

test('a record larger than allowed is rejected', async () => {
  const batch = await firstValueFrom(decoding().step(aDelivery([aKafkaRecord(0, { text: 'x'.repeat(100) })])))
  expect(batch.rejected[0]?.rejection.reason).toBe('too_large')
})

test('while schemas can not be fetched they are asked for again, and nothing is decoded or set aside', async () => {
  let attempts = 0
  const decode = vi.fn<RecordDecoder['decode']>(() => ({ record: {} }))
  const prepare = async () => {
    attempts += 1
    if (attempts < 12) throw new RegistryAway('the registry is away')
  }
  const { step, telemetry } = decoding({ decoder: { prepare, decode } })
  const batch = firstValueFrom(step(aDelivery([aKafkaRecord(0, {})])))
  await vi.advanceTimersByTimeAsync(10)
  expect(decode).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(120_000)
  expect(await batch).toMatchObject({ records: [{ record: {} }], rejected: [] })
  expect(telemetry.schemaFetchRetried).toHaveBeenCalledTimes(11)
})

test('a registry that refuses is an error at once', async () => {
  const prepare = () => Promise.reject(new TypeError('who are you?'))
  const { step } = decoding({ decoder: { prepare, decode: () => ({ record: {} }) } })
  await expect(firstValueFrom(step(aDelivery([aKafkaRecord(0, {})])))).rejects.toThrow('who are you?')
})
