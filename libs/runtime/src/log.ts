import { createRequire } from 'node:module'
import { OutflowError, UnexpectedError } from '@outflow/errors'
import { type DestinationStream, type Logger, pino } from 'pino'
import type { PinoPretty } from 'pino-pretty'

/** The log of one service: constant messages, values as fields, `error` for a thrown value. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'> & { child(fields: Record<string, unknown>): Log }

export interface LogOptions {
  /** The field `service` of every line. */
  readonly service: string
  /** The lowest level that is written. Default: info. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error'
  /** Where lines go. Default: standard output. */
  readonly destination?: DestinationStream & { isTTY?: boolean }
}

/**
 * Makes a log: one JSON object a line for machines, readable lines on a terminal unless NODE_ENV is production.
 *
 * Offsets (`bigint`) are written as strings, as in every JSON of outflow. Passwords inside connection URLs, and fields
 * called password, secret, token or url, print `[redacted]`. Writing is synchronous: the last line before an exit is kept.
 */
export function makeLog({ service, level = 'info', destination = process.stdout }: LogOptions): Log {
  const isPretty = destination.isTTY && process.env.NODE_ENV !== 'production'
  const target: DestinationStream = isPretty ? prettyStream(destination) : destination
  return pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { error: serializeError },
      formatters: { level: (label) => ({ level: label }), log: withOffsetsAsText },
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    },
    target,
  )
}

/** Returns one stream per destination, because each stream adds listeners to it and a process has many logs. */
function prettyStream(destination: NonNullable<LogOptions['destination']>): DestinationStream {
  const known = PRETTY.get(destination)
  if (known !== undefined) return known
  // Loaded on demand: services and most commands write no readable lines.
  const pretty: typeof PinoPretty = createRequire(import.meta.url)('pino-pretty')
  const stream = pretty({
    destination,
    sync: true,
    colorize: true,
    ignore: 'pid,hostname',
    singleLine: true,
    // Print an error like other fields; by default pino-pretty prints it over many lines.
    errorLikeObjectKeys: [],
    customPrettifiers: { error: (error) => readable(error as SerializedError) },
  })
  PRETTY.set(destination, stream)
  return stream
}

/** The message of an error with a code, the stack of an unexpected one. */
function readable(error: SerializedError | string): string {
  if (typeof error === 'string') return error
  return error.stack ?? error.message
}

interface SerializedError {
  readonly type: string
  /** Set for an `OutflowError`. */
  readonly code?: string
  readonly values?: Readonly<Record<string, unknown>>
  readonly message: string
  /** Absent for an error of a known code, and for its causes. */
  readonly stack?: string
  readonly cause?: SerializedError | string
}

const PRETTY = new WeakMap<object, DestinationStream>()

const SECRETS = ['password', 'secret', 'token', 'url']

function withOffsetsAsText(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, offsetsAsText(value)]))
}

function offsetsAsText(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(offsetsAsText)
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  return isPlain ? withOffsetsAsText(value) : value
}

/** A thrown value as fields: its type, code, message, values, causes and, if it is unexpected, stack. */
function serializeError(thrown: unknown): SerializedError | string {
  return serialize(thrown, !(thrown instanceof OutflowError) || thrown instanceof UnexpectedError)
}

function serialize(thrown: unknown, withStack: boolean): SerializedError | string {
  if (!(thrown instanceof Error)) return withoutPasswords(String(thrown))
  return {
    type: thrown.name,
    ...(thrown instanceof OutflowError ? { code: thrown.code, values: withOffsetsAsText(thrown.values) } : {}),
    message: withoutPasswords(thrown.message),
    ...(withStack ? { stack: withoutPasswords(thrown.stack ?? '') } : {}),
    ...(thrown.cause === undefined ? {} : { cause: serialize(thrown.cause, withStack) }),
  }
}

/** Error messages of drivers may quote the connection URL. */
function withoutPasswords(text: string): string {
  return text.replace(/(\w+:\/\/[^:@/\s]*):[^@/\s]*@/g, '$1:[redacted]@')
}
