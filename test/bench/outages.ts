import { setTimeout as sleep } from 'node:timers/promises'
import type { Control, Infrastructure } from '@outflow/launcher'

const POSTGRES_AWAY_MS = 5_000
const BROKER_AWAY_MS = 10_000

export interface Outages {
  readonly counts: { postgresOutages: number; brokerOutages: number }
  /** With one kill in ten Postgres is stopped, with another one the broker, alternately cleanly and as in a power cut. */
  withKill(kill: number): Promise<void> | null
}

export function makeOutages({ postgres, kafka }: Pick<Infrastructure, 'postgres' | 'kafka'>): Outages {
  const counts = { postgresOutages: 0, brokerOutages: 0 }
  const [ofPostgres, ofKafka] = [postgres.control, kafka.control]
  if (ofPostgres === undefined || ofKafka === undefined) {
    throw new Error('this bench stops the broker and Postgres; run it without KAFKA_BROKERS and DATABASE_URL')
  }
  return {
    counts,
    withKill: (kill) => {
      if (kill % 10 === 3) return takeAway(ofPostgres, counts.postgresOutages++, POSTGRES_AWAY_MS)
      return kill % 10 === 7 ? takeAway(ofKafka, counts.brokerOutages++, BROKER_AWAY_MS) : null
    },
  }
}

async function takeAway(server: Control, outage: number, forMs: number): Promise<void> {
  await (outage % 2 === 0 ? server.kill() : server.stop())
  await sleep(forMs)
  await server.start()
}
