import type { Kafka } from 'kafkajs'

/** What Kafka's client says goes here, with constant messages; pino's loggers fit. */
export interface StreamLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** A broker that the other functions of this room talk to; nothing is connected by making one. */
export interface KafkaConnection {
  readonly clientId: string
  readonly log: StreamLog
  /** @internal only this room speaks to kafkajs */
  readonly kafkajs: Kafka
}

export interface KafkaOptions {
  /** `host:port`, one or more. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Default: silence. */
  readonly log?: StreamLog
}

export function makeKafka(options: KafkaOptions): KafkaConnection {
  throw new Error(`not built yet ${options}`)
}
