import { describeTlsFailure, FixableError, OutflowError } from '@outflow/errors'
import kafkajs, { type KafkaJSError } from 'kafkajs'

/**
 * Kafka did not answer, or is moving a partition or group.
 * @fix Wait; if it lasts, check the brokers and the network.
 */
export class BrokerUnavailable extends OutflowError {
  readonly code: `OUTFLOW_${string}` = 'OUTFLOW_BROKER_UNAVAILABLE'
  override readonly retryable = true
}

/**
 * A topic does not exist, or the user may not see it.
 * @fix Create it, or correct its name in the configuration.
 */
export class TopicUnknown extends BrokerUnavailable {
  override readonly code = 'OUTFLOW_BROKER_TOPIC_UNKNOWN'
  override readonly retryable = true

  /**
   * @param topics           the topics that do not exist
   * @param options.isNamed  false: the broker has not named it; it is one of `topics`, if there are any. Default: true
   */
  constructor(
    topics: readonly string[],
    { cause, isNamed = true }: { readonly cause?: unknown; readonly isNamed?: boolean } = {},
  ) {
    const one = topics.length === 0 ? 'a topic' : `topic ${topics.join(' or ')}`
    const absent = isNamed && topics.length > 1 ? `topics ${topics.join(', ')} do not exist` : `${one} does not exist`
    super(`${absent}, or the user may not see it`, {
      cause,
      values: { topics },
      fix: 'create it, or correct its name in the configuration',
    })
  }
}

/** The broker is still writing the end of the previous transaction. */
export class TransactionPending extends BrokerUnavailable {}

/**
 * Kafka refused a request: a topic, a permission, a setting or a message that is too large.
 * @fix Read the cause; run `outflow doctor`.
 */
export class BrokerRefused extends OutflowError {
  readonly code = 'OUTFLOW_BROKER_REFUSED'
}

/** The broker refused messages for their size. */
export class MessageTooLarge extends BrokerRefused {}

/**
 * Kafka, or its token endpoint, rejected the login.
 * @fix Correct the key under `kafka.sasl` that the message names, and restart.
 */
export class BrokerLoginFailed extends FixableError {
  readonly code = 'OUTFLOW_BROKER_LOGIN_FAILED'
}

/**
 * No TLS connection with Kafka: one side does not accept the other's certificate, or the port has no TLS.
 * @fix Correct the key under `kafka.tls` that the message names, and restart.
 */
class BrokerTlsFailed extends FixableError {
  readonly code = 'OUTFLOW_BROKER_TLS_FAILED'
}

/**
 * The stored offset is beyond the end of the partition: the brokers lost records, or they have no topic ids and the topic was recreated.
 * @fix Use another `pipeline`; or run `update outflow.offsets set next_offset = 0 where …` for this partition, which is then read from its first record.
 */
export class OffsetBeyondLog extends OutflowError {
  readonly code = 'OUTFLOW_BROKER_OFFSET_BEYOND_LOG'
}

/**
 * Another relay took over the transactional id; this one stops.
 * @fix Nothing; the other relay continues.
 */
export class SenderFenced extends OutflowError {
  readonly code = 'OUTFLOW_BROKER_SENDER_FENCED'
}

// By type, or by kafkajs's name: temporary errors that kafkajs marks as not retriable, because it has already used up its own retries.
const TEMPORARY = new Set([
  // Only if the secret of a login could not be read; its file may be being replaced.
  'KafkaJSConnectionError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSTimeout',
  'KafkaJSLockTimeout',
  'FENCED_INSTANCE_ID',
  'ILLEGAL_GENERATION',
  'MEMBER_ID_REQUIRED',
  'UNKNOWN_MEMBER_ID',
])

const TOO_LARGE_TYPES = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE'])

const FIXES: Readonly<Record<string, string>> = {
  // A compacted topic refuses messages without a key, such as the dead letter of a message without one.
  // kafkajs does not name the topic.
  INVALID_RECORD: 'set cleanup.policy=delete for the topics of alerts, dead letters and health events',
  // Brokers refuse a time more than message.timestamp.after.max.ms, an hour by default, ahead of theirs.
  INVALID_TIMESTAMP: 'correct the clock of this machine',
  // A group accepts only members with a common assignor.
  INCONSISTENT_GROUP_PROTOCOL: 'stop all other clients in the consumer group outflow-PIPELINE',
}

const LOGIN_TYPES = new Set(['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE'])

// A restart has the same errors; the broker sends no reason.
const CLOSED_HINT =
  ' (a port with TLS closes connections if kafka.tls is not set, one without TLS if it is set, one with a login if kafka.sasl is not set)'
// Node's text; a load balancer without a broker closes connections at the same point.
const CLOSED_IN_HANDSHAKE = 'before secure TLS connection was established'

function fixOfLogin(type: string, message: string): string {
  if (type === 'ILLEGAL_SASL_STATE') return 'this port has no login: use another one, or remove kafka.sasl'
  if (type === 'UNSUPPORTED_SASL_MECHANISM' || /not supported by the server/.test(message))
    return 'set a mechanism of this port as kafka.sasl.mechanism'
  return 'check the user name and the password or secret under kafka.sasl'
}

// Message of the plain Error that kafkajs throws when it uses a connection on which the request of the versions was not answered.
const NOT_CONNECTED = 'Broker not connected'

/** What a request accesses; the broker's errors do not name it. */
interface Access {
  readonly topics?: readonly string[]
  readonly groupId?: string
  readonly transactionalId?: string
}

const refusedTopics = ({ topics }: Access): readonly [what: string, operations: string] => [
  topics === undefined ? 'a topic' : `topic ${topics.join(' or ')}`,
  'READ on source.topics (and WRITE, to resend dead letters), READ and WRITE on alerts.topic and deadLetters.topic, WRITE on events.topic, ' +
    'and CREATE on those to be created',
]

/** What the broker refuses access to, and the permissions that it requires, by the type of its error. */
const PERMISSIONS: Readonly<Record<string, (access: Access) => readonly [what: string, operations: string]>> = {
  TOPIC_AUTHORIZATION_FAILED: refusedTopics,
  // A producer without WRITE on any topic.
  CLUSTER_AUTHORIZATION_FAILED: () => refusedTopics({}),
  GROUP_AUTHORIZATION_FAILED: ({ groupId }) => [`group ${groupId ?? ''}`.trim(), 'READ on it'],
  TRANSACTIONAL_ID_AUTHORIZATION_FAILED: ({ transactionalId }) => [
    `transactional id ${transactionalId ?? ''}`.trim(),
    'WRITE on it',
  ],
}

/**
 * Converts an error of kafkajs to one of this package; returns other errors unchanged.
 *
 * @param access  for the message of an error about a permission or a missing topic
 */
export function toBrokerError(thrown: unknown, access: Access = {}): unknown {
  // Node does not detect the export names of these classes in a CommonJS package; Vitest does.
  if (thrown instanceof kafkajs.KafkaJSAggregateError) return toBrokerError(thrown.errors[0], access)
  if (thrown instanceof Error && thrown.message === NOT_CONNECTED)
    return new BrokerUnavailable('Kafka is not available: a broker closed a connection, or does not answer', {
      cause: thrown,
    })
  if (thrown instanceof OutflowError || !(thrown instanceof kafkajs.KafkaJSError)) return thrown
  const cause = rootOf(thrown)
  // kafkajs retries a handler of batches or a source of tokens that throws, and wraps the last error.
  if (cause.cause instanceof OutflowError) return cause.cause
  const type = 'type' in cause && typeof cause.type === 'string' ? cause.type : cause.name
  const options = { cause: thrown, values: { type } }
  const byType = ERRORS[type]?.(options, access)
  if (byType !== undefined) return byType
  const tls = describeTlsFailure('code' in cause ? String(cause.code) : '', cause.message, 'kafka.tls')
  if (tls !== null) return new BrokerTlsFailed(`no TLS connection with Kafka: ${tls.problem}`, tls.fix, options)
  if (cause.name === 'KafkaJSSASLAuthenticationError' || LOGIN_TYPES.has(type)) {
    return new BrokerLoginFailed(`Kafka refused the login: ${cause.message}`, fixOfLogin(type, cause.message), options)
  }
  const isTemporary = cause.retriable || TEMPORARY.has(type)
  return isTemporary ? unavailable(cause, options) : refused(cause, access, options)
}

type ErrorDetails = { readonly cause: Error; readonly values: { readonly type: string } }

/** Errors that the type alone identifies. */
const ERRORS: Readonly<Record<string, (options: ErrorDetails, access: Access) => OutflowError>> = {
  INVALID_PRODUCER_EPOCH: (options) =>
    new SenderFenced('another sender uses the transactional id; this one has stopped sending', options),
  // The broker removes a transactional id that had no transaction for transactional.id.expiration.ms, a week by default.
  INVALID_PRODUCER_ID_MAPPING: (options) =>
    new BrokerUnavailable(
      'Kafka has removed the transactional id, which was unused for transactional.id.expiration.ms; the next attempt registers it again',
      options,
    ),
  UNKNOWN_TOPIC_OR_PARTITION: ({ cause }, { topics = [] }) => new TopicUnknown(topics, { cause, isNamed: false }),
}

// Brokers name their addresses to clients; kafka.brokers is only for the first connection.
const UNREACHABLE_FIX =
  "start Kafka, or correct kafka.brokers or, if it lacks this address, the brokers' advertised.listeners"

function unavailable(cause: KafkaJSError & { readonly broker?: string }, options: ErrorDetails): BrokerUnavailable {
  const { name, message, broker = '' } = cause
  const isClosed = name === 'KafkaJSConnectionClosedError' || message.includes(CLOSED_IN_HANDSHAKE)
  const Unavailable = options.values.type === 'CONCURRENT_TRANSACTIONS' ? TransactionPending : BrokerUnavailable
  const fix = name === 'KafkaJSConnectionError' ? UNREACHABLE_FIX : null
  // The text about a timeout has no address.
  const at = message.includes(broker) ? '' : ` at ${broker}`
  return new Unavailable(`Kafka is not available: ${message}${at}${isClosed ? CLOSED_HINT : ''}`, { ...options, fix })
}

function refused({ message }: KafkaJSError, access: Access, options: ErrorDetails): BrokerRefused {
  const { type } = options.values
  const permission = PERMISSIONS[type]?.(access)
  if (permission !== undefined) {
    const [what, operations] = permission
    return new BrokerRefused(`Kafka refused access to ${what}`, { ...options, fix: `grant the user ${operations}` })
  }
  const Refused = TOO_LARGE_TYPES.has(type) ? MessageTooLarge : BrokerRefused
  return new Refused(`Kafka refused: ${message}`, { ...options, fix: FIXES[type] ?? null })
}

/** Runs `act`, and converts its errors as `toBrokerError` does. */
export async function withBrokerErrors<T>(act: () => Promise<T>, access?: Access): Promise<T> {
  try {
    return await act()
  } catch (thrown: unknown) {
    throw toBrokerError(thrown, access)
  }
}

/** Returns the failure inside kafkajs's error about exhausted retries. */
function rootOf(error: KafkaJSError): KafkaJSError {
  const { cause } = error as { cause?: unknown }
  return cause instanceof kafkajs.KafkaJSError && cause !== error ? rootOf(cause) : error
}
