import type { Config } from '@outflow/contracts'
import { type KafkaConnection, makeKafka } from '@outflow/streams'

/** Requests are retried for 0.6 s: long enough for a broker that is up; a broker that is down is reported soon. */
const RETRIES = 2
/** As long as connecting may take: a broker that hangs is reported soon, too. */
const REQUEST_TIMEOUT_MS = 3_000

/** Returns a broker for a command that reports what it finds. */
export function makeKafkaForReport({ kafka }: Pick<Config, 'kafka'>): KafkaConnection {
  return makeKafka({ ...kafka, retries: RETRIES, requestTimeoutMs: REQUEST_TIMEOUT_MS })
}
