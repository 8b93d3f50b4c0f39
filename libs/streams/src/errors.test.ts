import { createRequire } from 'node:module'
import {
  KafkaJSConnectionError,
  KafkaJSError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
} from 'kafkajs'
import { describe, expect, it } from 'vitest'
import {
  BrokerRefused,
  BrokerUnavailable,
  MessageTooLarge,
  SenderFenced,
  TransactionPending,
  toBrokerError,
} from './errors.js'

const protocolError = (type: string, retriable: boolean) =>
  new KafkaJSProtocolError(Object.assign(new Error(`broker said ${type}`), { type, code: 1, retriable }))

describe('toBrokerError', () => {
  it('classifies errors of a broker that is away or moving as retryable', () => {
    expect(toBrokerError(new KafkaJSConnectionError('refused', {}))).toBeInstanceOf(BrokerUnavailable)
    expect(toBrokerError(protocolError('LEADER_NOT_AVAILABLE', true))).toBeInstanceOf(BrokerUnavailable)
    expect(toBrokerError(protocolError('UNKNOWN_MEMBER_ID', false))).toBeInstanceOf(BrokerUnavailable)
  })

  it('classifies a connection whose opening has failed as retryable, which kafkajs reports by a plain error', async () => {
    const Broker = createRequire(import.meta.url)('kafkajs/src/broker')
    const log = { namespace: () => log }
    const broker = new Broker({ connectionPool: { host: 'localhost', port: 9092, connectionTimeout: 1 }, logger: log })
    const thrown = await broker.metadata([]).catch((error: unknown) => error)
    expect(toBrokerError(thrown)).toBeInstanceOf(BrokerUnavailable)
    expect(toBrokerError(new Error('another one'))).not.toBeInstanceOf(BrokerUnavailable)
  })

  it('looks behind the count of attempts that kafkajs wraps around', () => {
    const exceeded = (cause: Error) => new KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 5, retryTime: 1 })
    expect(toBrokerError(exceeded(new KafkaJSConnectionError('refused', {})))).toBeInstanceOf(BrokerUnavailable)
  })

  it('calls refused what the same act will meet again', () => {
    expect(toBrokerError(protocolError('TOPIC_AUTHORIZATION_FAILED', false))).toBeInstanceOf(BrokerRefused)
    expect(toBrokerError(new KafkaJSNonRetriableError('Invalid topic'))).toBeInstanceOf(BrokerRefused)
  })

  it('has classes of its own for messages that are too large, and for a transaction that is not ended yet', () => {
    expect(toBrokerError(protocolError('MESSAGE_TOO_LARGE', false))).toBeInstanceOf(MessageTooLarge)
    expect(toBrokerError(protocolError('RECORD_LIST_TOO_LARGE', false))).toBeInstanceOf(MessageTooLarge)
    expect(toBrokerError(protocolError('TOPIC_AUTHORIZATION_FAILED', false))).not.toBeInstanceOf(MessageTooLarge)
    expect(toBrokerError(protocolError('CONCURRENT_TRANSACTIONS', true))).toBeInstanceOf(TransactionPending)
  })

  it('recognises a sender that was fenced off', () => {
    expect(toBrokerError(protocolError('INVALID_PRODUCER_EPOCH', false))).toBeInstanceOf(SenderFenced)
  })

  it('returns errors of other origin unchanged', () => {
    const defect = new TypeError('x is undefined')
    expect(toBrokerError(defect)).toBe(defect)
    expect(toBrokerError(new KafkaJSError('odd', { retriable: true }))).toBeInstanceOf(BrokerUnavailable)
  })
})
