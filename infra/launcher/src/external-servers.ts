import { ComponentStartFailed } from './errors.js'
import type { KafkaComponent, PostgresComponent } from './infrastructure.js'
import type { PartLaunch } from './part-launch.js'
import { probeKafka, probePostgres } from './probes.js'
import { untilReady } from './readiness.js'
import { parseBrokers } from './tiers.js'

// A given server runs already, or is started at the same time (a compose file, a CI service).
const GIVEN_TIMEOUT_MS = 30_000

/** Returns the brokers that KAFKA_BROKERS names, once they answer. @throws {ComponentStartFailed} when they do not */
export async function useExternalKafka(list: string, { signal, onProgress }: PartLaunch): Promise<KafkaComponent> {
  const brokers = parseBrokers(list)
  if (brokers.length === 0) throw new ComponentStartFailed(`KAFKA_BROKERS is host:port,…, got '${list}'`)
  const what = `Kafka on ${brokers.join(', ')} (KAFKA_BROKERS)`
  // The coordinators are not probed: the probe creates their topics, and an external cluster is not changed.
  const probe = () => probeKafka(brokers, 'cluster')
  await untilReady({ what, probe, timeoutMs: GIVEN_TIMEOUT_MS, signal, onProgress })
  return { tier: 'given', brokers, description: `Kafka given, on ${brokers.join(', ')}` }
}

/** Returns the server that DATABASE_URL names, once it answers. @throws {ComponentStartFailed} when it does not */
export async function useExternalPostgres(url: string, { signal, onProgress }: PartLaunch): Promise<PostgresComponent> {
  const address = addressOf(url)
  let version = ''
  const probe = async () => {
    version = await probePostgres(url)
  }
  const what = `Postgres on ${address} (DATABASE_URL)`
  await untilReady({ what, probe, timeoutMs: GIVEN_TIMEOUT_MS, signal, onProgress })
  return { tier: 'given', url, description: `Postgres ${version} given, on ${address}` }
}

/** Host, port and database of a connection URL, without its user and password. */
export function addressOf(url: string): string {
  if (!URL.canParse(url)) throw new ComponentStartFailed('DATABASE_URL is postgres://user:password@host:port/database')
  const { host, pathname } = new URL(url)
  return `${host || 'a local socket'}${pathname}`
}
