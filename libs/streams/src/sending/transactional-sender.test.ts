import { expect, it, vi } from 'vitest'
import type { KafkaConnection } from '../connection/kafka.js'
import { makeTransactionalSender } from './transactional-sender.js'

it('does not let a broker create a deleted topic with the default settings of topics', async () => {
  const connect = () => Promise.reject(new Error('not connected'))
  const producer = vi.fn(() => ({ connect, disconnect: async () => {} }))
  const kafka = { kafkajs: { producer } } as unknown as KafkaConnection
  const mark = { groupId: 'relay', topic: 'alerts', partition: 0 }
  await expect(makeTransactionalSender(kafka, { transactionalId: 'relay', mark })).rejects.toThrow('not connected')
  expect(producer).toHaveBeenCalledWith(expect.objectContaining({ allowAutoTopicCreation: false }))
})
