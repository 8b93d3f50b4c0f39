import { parseConfig } from '@outflow/contracts'
import { expect, it } from 'vitest'
import { demoConfig } from './config.js'

it('is a valid outflow.yaml', () => {
  const servers = {
    brokers: ['127.0.0.1:9092'],
    databaseUrl: 'postgres://outflow@127.0.0.1:5432/outflow',
    suffix: '-a1',
  }
  expect(parseConfig(demoConfig(servers), {})).toMatchObject({
    pipeline: 'flights-a1',
    alerts: { topic: 'flights-a1.alerts' },
    detection: { alertRate: 0.01 },
  })
})
