import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

const kafkajs: {
  createErrorFromCode(code: number): Error
  readonly errorCodes: readonly { readonly type: string; readonly code: number }[]
} = require('kafkajs/src/protocol/error')
const errors = require('kafkajs/src/errors')

const codes = new Map(kafkajs.errorCodes.map(({ type, code }) => [type, code]))

/** The error that kafkajs throws for a broker's error code. */
export const kafkaError = (type: string): Error => kafkajs.createErrorFromCode(codes.get(type)!)

export const offsetOutOfRange = (topic: string, partition: number): Error =>
  new errors.KafkaJSOffsetOutOfRange(kafkaError('OFFSET_OUT_OF_RANGE'), { topic, partition })

export const requestTimedOut = (what: string): Error =>
  new errors.KafkaJSRequestTimeoutError(`Request ${what} timed out`, {})

export const connectionClosed = (host: string, port: number): Error =>
  new errors.KafkaJSConnectionClosedError('Closed connection', { host, port })

export const connectionRefused = (host: string, port: number): Error =>
  new errors.KafkaJSConnectionError('Connection refused', { broker: `${host}:${port}`, code: 'ECONNREFUSED' })
