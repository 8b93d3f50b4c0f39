import { createRequire } from 'node:module'
import {
  KafkaJSBrokerNotFound,
  KafkaJSConnectionError,
  KafkaJSError,
  KafkaJSGroupCoordinatorNotFound,
  KafkaJSLockTimeout,
  KafkaJSMetadataNotLoaded,
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
  TopicUnknown,
  TransactionPending,
  toBrokerError,
  withBrokerErrors,
} from './errors.js'

const protocolError = (type: string, retriable: boolean) =>
  new KafkaJSProtocolError(Object.assign(new Error(`broker said ${type}`), { type, code: 1, retriable }))

describe('toBrokerError', () => {
  it('classifies errors of a broker that is down or moving a partition as retryable', () => {
    expect(toBrokerError(new KafkaJSConnectionError('refused', {}))).toBeInstanceOf(BrokerUnavailable)
    expect(toBrokerError(protocolError('LEADER_NOT_AVAILABLE', true))).toBeInstanceOf(BrokerUnavailable)
    for (const type of ['UNKNOWN_MEMBER_ID', 'ILLEGAL_GENERATION', 'FENCED_INSTANCE_ID', 'MEMBER_ID_REQUIRED'])
      expect(toBrokerError(protocolError(type, false))).toBeInstanceOf(BrokerUnavailable)
    const classes: readonly (new (text: string) => Error)[] = [
      ...[KafkaJSBrokerNotFound, KafkaJSGroupCoordinatorNotFound, KafkaJSLockTimeout, KafkaJSMetadataNotLoaded],
    ]
    for (const Failure of classes) expect(toBrokerError(new Failure('odd'))).toBeInstanceOf(BrokerUnavailable)
    const unreadSecret = Object.assign(new KafkaJSConnectionError('ENOENT', {}), { retriable: false })
    expect(toBrokerError(unreadSecret)).toBeInstanceOf(BrokerUnavailable)
  })

  it('classifies a connection that could not be opened as retryable, which kafkajs reports as a plain Error', async () => {
    const Broker = createRequire(import.meta.url)('kafkajs/src/broker')
    const log = { namespace: () => log }
    const broker = new Broker({ connectionPool: { host: 'localhost', port: 9092, connectionTimeout: 1 }, logger: log })
    const thrown = await broker.metadata([]).catch((error: unknown) => error)
    expect(toBrokerError(thrown)).toBeInstanceOf(BrokerUnavailable)
    expect(toBrokerError(thrown)).toMatchObject({ message: expect.stringContaining('does not answer') })
    expect(toBrokerError(new Error('another one'))).not.toBeInstanceOf(BrokerUnavailable)
  })

  it('classifies a connection that ends during the TLS handshake as retryable, as behind a load balancer without a broker (it ended ingest)', () => {
    const text = 'Connection error: Client network socket disconnected before secure TLS connection was established'
    const error = toBrokerError(new KafkaJSConnectionError(text, { code: 'ECONNRESET' }))
    expect(error).toBeInstanceOf(BrokerUnavailable)
    expect(error).toMatchObject({ message: expect.stringMatching(/one without TLS if it is set/) })
  })

  it("reads the cause inside kafkajs's error about exhausted retries", () => {
    const exceeded = (cause: Error) => new KafkaJSNumberOfRetriesExceeded(cause, { retryCount: 5, retryTime: 1 })
    expect(toBrokerError(exceeded(new KafkaJSConnectionError('refused', {})))).toBeInstanceOf(BrokerUnavailable)
  })

  it('returns an error of the handler of a batch, which kafkajs wraps, unchanged', () => {
    const own = new TransactionPending('not Kafka', { cause: new TypeError('fetch failed') })
    expect(toBrokerError(new KafkaJSNumberOfRetriesExceeded(own, { retryCount: 5, retryTime: 1 }))).toBe(own)
  })

  it('classifies errors that a retry would repeat as refused', () => {
    expect(toBrokerError(protocolError('TOPIC_AUTHORIZATION_FAILED', false))).toBeInstanceOf(BrokerRefused)
    expect(toBrokerError(new KafkaJSNonRetriableError('Invalid topic'))).toBeInstanceOf(BrokerRefused)
  })

  it.each([
    ['INVALID_RECORD', 'of a compacted topic, which refuses messages without a key', 'cleanup.policy=delete'],
    ['INVALID_TIMESTAMP', 'of a clock that is ahead, whose messages brokers refuse', 'the clock of this machine'],
    ['INCONSISTENT_GROUP_PROTOCOL', 'of a group that another client has joined', 'all other clients in the consumer'],
  ])('names, for %s, the fix %s', (type, _, fix) => {
    expect(toBrokerError(protocolError(type, false))).toMatchObject({ fix: expect.stringContaining(fix) })
  })

  it('has separate classes for messages that are too large and for a transaction that has not ended yet', () => {
    expect(toBrokerError(protocolError('MESSAGE_TOO_LARGE', false))).toBeInstanceOf(MessageTooLarge)
    expect(toBrokerError(protocolError('RECORD_LIST_TOO_LARGE', false))).toBeInstanceOf(MessageTooLarge)
    expect(toBrokerError(protocolError('TOPIC_AUTHORIZATION_FAILED', false))).not.toBeInstanceOf(MessageTooLarge)
    expect(toBrokerError(protocolError('CONCURRENT_TRANSACTIONS', true))).toBeInstanceOf(TransactionPending)
  })

  it('says how to fix a broker that cannot be reached, and not that it is retried, which only services do', () => {
    const refused = new KafkaJSConnectionError('connect ECONNREFUSED 127.0.0.1:1', { broker: '127.0.0.1:1' })
    expect(toBrokerError(refused)).toMatchObject({
      message:
        'Kafka is not available: connect ECONNREFUSED 127.0.0.1:1; start Kafka, or correct kafka.brokers or, ' +
        "if it lacks this address, the brokers' advertised.listeners",
    })
  })

  it('names the broker of a connection that timed out (the address was in no message)', () => {
    expect(toBrokerError(new KafkaJSConnectionError('Connection timeout', { broker: 'kafka:9092' }))).toMatchObject({
      message: expect.stringContaining('Connection timeout at kafka:9092; start Kafka'),
    })
  })

  it('names the topics of a request of which one does not exist (a relay that waited for the topic of a resent record named none)', () => {
    const missing = protocolError('UNKNOWN_TOPIC_OR_PARTITION', true)
    expect(toBrokerError(missing, { topics: ['flights.alerts', 'flights'] })).toMatchObject({
      message:
        'topic flights.alerts or flights does not exist, or the user may not see it; create it, or correct its name in the configuration',
    })
    expect(toBrokerError(missing)).toMatchObject({ message: expect.stringContaining('a topic does not exist') })
    expect(toBrokerError(missing)).toBeInstanceOf(TopicUnknown)
  })

  it('names what the user may not access, and the permission (it was "Kafka refused: Not authorized to access topics")', async () => {
    const refused = (type: string) => protocolError(type, false)
    const access = { topics: ['flights'] }
    await expect(withBrokerErrors(() => Promise.reject(refused('TOPIC_AUTHORIZATION_FAILED')), access)).rejects.toThrow(
      'Kafka refused access to topic flights; grant the user READ on source.topics (and WRITE, to resend dead letters), READ and WRITE on ' +
        'alerts.topic and deadLetters.topic, WRITE on events.topic, and CREATE on those to be created',
    )
    expect(toBrokerError(refused('GROUP_AUTHORIZATION_FAILED'), { groupId: 'ingest' })).toMatchObject({
      message: 'Kafka refused access to group ingest; grant the user READ on it',
    })
    expect(toBrokerError(refused('TRANSACTIONAL_ID_AUTHORIZATION_FAILED'), { transactionalId: 'relay' })).toMatchObject(
      {
        message: 'Kafka refused access to transactional id relay; grant the user WRITE on it',
      },
    )
    expect(toBrokerError(refused('TOPIC_AUTHORIZATION_FAILED'))).toMatchObject({
      problem: 'Kafka refused access to a topic',
    })
  })

  it('recognises a fenced sender', () => {
    expect(toBrokerError(protocolError('INVALID_PRODUCER_EPOCH', false))).toBeInstanceOf(SenderFenced)
  })

  it('returns a retryable error for a transactional id that expired in a week without alerts (it was "another sender uses the transactional id")', () => {
    expect(toBrokerError(protocolError('INVALID_PRODUCER_ID_MAPPING', false))).toBeInstanceOf(BrokerUnavailable)
  })

  it('returns errors of other origins unchanged', () => {
    const defect = new TypeError('x is undefined')
    expect(toBrokerError(defect)).toBe(defect)
    expect(toBrokerError(new KafkaJSError('odd', { retriable: true }))).toBeInstanceOf(BrokerUnavailable)
  })
})
