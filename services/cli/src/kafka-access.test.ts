import { createServer } from 'node:net'
import { BrokerUnavailable, partitionEnds } from '@outflow/streams'
import { expect, onTestFinished, test } from 'vitest'
import { makeKafkaForReport } from './kafka-access.js'

test('a broker that accepts connections and does not answer is reported within seconds (status took a minute)', async () => {
  const silent = createServer((socket) => onTestFinished(() => void socket.destroy())).listen(0, '127.0.0.1')
  onTestFinished(() => void silent.close())
  await new Promise((resolve) => silent.once('listening', resolve))
  const { port } = silent.address() as { port: number }
  const kafka = makeKafkaForReport({ kafka: { brokers: [`127.0.0.1:${port}`], clientId: 'test' } })
  await expect(partitionEnds(kafka, ['flights'])).rejects.toThrow(BrokerUnavailable)
}, 12_000)
