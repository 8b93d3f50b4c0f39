import { ComponentStartFailed } from './errors.js'
import type { Part, Tier } from './infrastructure.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** Environment variable with the address of a running part. */
export const ADDRESS_VARIABLE = { kafka: 'KAFKA_BROKERS', postgres: 'DATABASE_URL' } as const

/**
 * The sources of a part, in the order in which they are tried.
 *
 * A given address is the only source: silently using another server would test or fill the wrong system.
 * Otherwise `OUTFLOW_LAUNCHER=embedded` or `=testcontainers` selects one of the other two.
 *
 * @throws {ComponentStartFailed} when OUTFLOW_LAUNCHER names neither
 */
export function tiersFor(part: Part, env: Environment): readonly Tier[] {
  if (env[ADDRESS_VARIABLE[part]]) return ['given']
  const wanted = env.OUTFLOW_LAUNCHER
  if (!wanted) return ['testcontainers', 'embedded']
  if (wanted === 'testcontainers' || wanted === 'embedded') return [wanted]
  throw new ComponentStartFailed(`OUTFLOW_LAUNCHER is 'testcontainers' or 'embedded', got '${wanted}'`)
}

/** Parses KAFKA_BROKERS: `host:port` or `host` (port 9092), comma-separated, blanks allowed. */
export function parseBrokers(list: string): readonly string[] {
  return list
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '')
    .map((broker) => (broker.includes(':') ? broker : `${broker}:9092`))
}
