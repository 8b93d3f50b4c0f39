import { connect as connectPlain, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { KafkaTls, Sasl } from '@outflow/contracts'
import { type ISocketFactory, Kafka, type LogEntry, logLevel } from 'kafkajs'
import { replaceInternals } from '../kafkajs-internals/replace-internals.js'
import { registerCodecs } from './compression.js'
import { saslOptions, tlsOptions } from './security.js'
import type { StreamLog } from './stream-log.js'

/** A broker for the functions of this package; creating it opens no connection. */
export interface KafkaConnection {
  readonly log: StreamLog
  /** @internal only this package uses kafkajs */
  readonly kafkajs: Kafka
}

export interface KafkaOptions {
  /** `host:port`, one or more. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Default: no TLS. */
  readonly tls?: KafkaTls | undefined
  /** Default: no login. */
  readonly sasl?: Sasl | undefined
  /** Default: no logging. */
  readonly log?: StreamLog
  /** How often a request is retried while no broker responds. Default: 6, over 7 s. */
  readonly retries?: number
  /** Time until a request without an answer fails; requests that wait for an event, such as joining a group, have more. Default: 30 s. */
  readonly requestTimeoutMs?: number
}

export function makeKafka({
  brokers,
  clientId,
  tls,
  sasl,
  log = SILENCE,
  retries = 6,
  requestTimeoutMs = 30_000,
}: KafkaOptions): KafkaConnection {
  registerCodecs()
  replaceInternals(log)
  const kafkajs = new Kafka({
    brokers: [...brokers],
    clientId,
    ...(tls && { ssl: tlsOptions(tls) }),
    ...(sasl && { sasl: saslOptions(sasl) }),
    socketFactory: noDelaySocket,
    connectionTimeout: 3_000,
    requestTimeout: requestTimeoutMs,
    reauthenticationThreshold: LOGIN_AGAIN_MS,
    retry: { initialRetryTime: 200, maxRetryTime: 2_000, retries },
    logLevel: logLevel.INFO,
    logCreator: () => reporter(log),
  })
  return { log, kafkajs }
}

/**
 * Creates sockets like kafkajs's default factory, but with TCP_NODELAY: Nagle's algorithm would hold back a second request until
 * the broker has acknowledged the first.
 */
const noDelaySocket: ISocketFactory = ({ host, port, ssl, onConnect }) => {
  const socket = ssl
    ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...ssl }, onConnect)
    : connectPlain({ host, port }, onConnect)
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  socket.setNoDelay(true)
  return socket
}

const KEEP_ALIVE_MS = 60_000

// Time before a login expires; kafkajs's default is 10 s. By then the token source must return a new token: with the expiring one
// kafkajs would log in again before each request, and brokers accept that only once a second.
const LOGIN_AGAIN_MS = 2_000

const SILENCE: StreamLog = { debug() {}, warn() {} }

/** The beginnings of kafkajs's texts that are no warning here. */
const NO_WARNINGS = [
  // Of every producer; a sender continues after its mark.
  'Limiting retries for the idempotent producer may invalidate EoS guarantees',
  // Of a consumer that ends with an error, which its owner logs or throws.
  'Crash: ',
  // Of partitions of topics that a member does not read; `topics not read` reports them.
  'Consumer group received unsubscribed topics',
]

/** kafkajs's error for a topic that does not exist, which it logs at every attempt; the thrown {TopicUnknown} names the topic. */
const NO_SUCH_TOPIC = 'This server does not host this topic-partition'

/** While a broker is down, kafkajs logs each failed attempt of each connection: several lines a second. */
const REPEAT_AFTER_MS = 60_000

/**
 * Maps log levels: kafkajs retries, and throws when it gives up, so its errors are logged as warnings and the rest as debug. A warning
 * that repeats is logged once a minute, with the number of repetitions since.
 */
function reporter(log: StreamLog): (entry: LogEntry) => void {
  const warned = new Map<string, { readonly atMs: number; repeated: number }>()
  return ({ level, namespace, log: entry }) => {
    const { message: reported, timestamp: _, logger: __, stack: ___, payload: ____, ...fields } = entry
    // kafkajs also logs an error in place of a text, such as that of a refused login.
    const message = String(reported)
    const isWarning =
      level <= logLevel.WARN &&
      !NO_WARNINGS.some((start) => message.startsWith(start)) &&
      fields.error !== NO_SUCH_TOPIC
    // Numbers in texts, such as waits and ports, differ between repetitions.
    const text = `${namespace} ${message.replace(/\d+/g, '')} ${fields.error} ${fields.broker}`
    const last = warned.get(text)
    const isRepetition = last !== undefined && performance.now() - last.atMs < REPEAT_AFTER_MS
    if (isWarning && isRepetition) last.repeated += 1
    if (!isWarning || isRepetition) return log.debug({ namespace, message, ...fields }, 'kafka client reported')
    warned.set(text, { atMs: performance.now(), repeated: 0 })
    log.warn({ namespace, message, ...fields, ...(last && { repeated: last.repeated }) }, 'kafka client warned')
  }
}
