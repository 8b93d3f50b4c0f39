import { ComponentStartFailed } from './errors.js'
import type { Part, Tier } from './infrastructure.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** The variable that names a running part. */
export const GIVEN_BY = { kafka: 'KAFKA_BROKERS', postgres: 'DATABASE_URL' } as const satisfies Record<Part, string>

/**
 * The ways to a part, in the order in which they are tried.
 *
 * A given address is the only way where there is one: silently taking another would test or fill the wrong system.
 * `OUTFLOW_LAUNCHER=embedded` or `=testcontainers` narrows the rest to that one.
 *
 * @throws {ComponentStartFailed} when OUTFLOW_LAUNCHER names no such way
 */
export function tiersFor(part: Part, env: Environment): readonly Tier[] {
  if (env[GIVEN_BY[part]]) return ['given']
  const wanted = env.OUTFLOW_LAUNCHER
  if (!wanted) return ['testcontainers', 'embedded']
  if (wanted === 'testcontainers' || wanted === 'embedded') return [wanted]
  throw new ComponentStartFailed(`OUTFLOW_LAUNCHER is 'testcontainers' or 'embedded', got '${wanted}'`)
}

/** `host:port` or `host` (port 9092), comma-separated, blanks allowed, as KAFKA_BROKERS has it. */
export function parseBrokers(list: string): readonly string[] {
  return list
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '')
    .map((broker) => (broker.includes(':') ? broker : `${broker}:9092`))
}
