import { BrokerUnavailable } from '@outflow/streams'
import { expect, test } from 'vitest'
import { makeConsumerCheck } from './consumer-check.js'

const telemetry = {
  partitionsAssigned: () => {},
  partitionsSought: () => {},
  recordsMissed: () => {},
  consumerRestarted: () => {},
}

test('ingest is ready while it has partitions and a broker answers (it was for minutes after the broker hung)', async () => {
  let isHung = false
  const { check, hooks } = makeConsumerCheck(telemetry, async () => {
    if (isHung) throw new BrokerUnavailable('no broker answers')
  })
  expect(await check()).toMatchObject({ ok: false })
  hooks.assigned!([{ topic: 'flights', partition: 0 }])
  expect(await check()).toEqual({ ok: true, detail: 'reads 1 partition' })
  isHung = true
  await expect(check()).rejects.toThrow('no broker answers')
  hooks.restarting!(new BrokerUnavailable('the connection broke'))
  expect(await check()).toEqual({ ok: false, detail: 'the consumer restarts: the connection broke' })
})
