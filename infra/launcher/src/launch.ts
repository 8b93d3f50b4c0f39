import { toOutflowError } from '@outflow/errors'
import { startEmbeddedKafka } from './embedded-kafka.js'
import { startEmbeddedPostgres } from './embedded-postgres.js'
import { InfrastructureUnavailable } from './errors.js'
import { useExternalKafka, useExternalPostgres } from './external-servers.js'
import type { Infrastructure, KafkaComponent, Part, PostgresComponent, Tier } from './infrastructure.js'
import { launchBase, openLaunchFolder } from './launch-folder.js'
import { sweepOrphans } from './orphans.js'
import type { PartLaunch, Security } from './part-launch.js'
import { GIVEN_BY, tiersFor } from './tiers.js'

export interface LaunchOptions<P extends Part = Part> {
  /** Which parts to bring. Default: both. */
  readonly need?: readonly P[]
  /** Hears, in a line for people, what is being waited for. */
  readonly onProgress?: (line: string) => void
  /** TLS and logins, for tests; only the embedded servers support them. Default: neither. */
  readonly security?: Security
  /** Ends the launch half way; what had started is ended too, and the signal's reason is thrown. */
  readonly signal?: AbortSignal
}

type Ways<C> = Readonly<Record<Tier, (launch: PartLaunch) => Promise<C>>>

/**
 * Brings Kafka and Postgres, each by the first way that works: the one that KAFKA_BROKERS or DATABASE_URL names; a
 * container, where a Docker engine answers; a process of our own. What it starts listens on the loopback interface
 * alone, keeps its data in a temporary folder, and ends when `stop` is called or, within moments, when this process dies.
 *
 * @throws {InfrastructureUnavailable} when all ways fail, with the cause for each
 */
export async function launchInfrastructure<P extends Part = Part>(
  options: LaunchOptions<P> = {},
): Promise<Infrastructure<P>> {
  const { need = PARTS, onProgress: say = () => {}, signal, security } = options
  const needed: readonly Part[] = need
  for (const folder of await sweepOrphans(launchBase())) say(`removed what a killed launch had left in ${folder}`)
  const folder = await openLaunchFolder()
  const launch: PartLaunch = { folder, signal, say, security }
  const [kafka, postgres] = await Promise.allSettled([
    needed.includes('kafka') ? firstThatWorks('kafka', kafkaWays, launch) : undefined,
    needed.includes('postgres') ? firstThatWorks('postgres', postgresWays, launch) : undefined,
  ])
  if (kafka.status === 'fulfilled' && postgres.status === 'fulfilled') {
    const components = {
      ...(kafka.value && { kafka: kafka.value }),
      ...(postgres.value && { postgres: postgres.value }),
    }
    return { ...components, stop: () => folder.end() } as Infrastructure<P> // it has what is in `need`: P
  }
  await folder.end()
  throw mergeFailures([kafka, postgres].flatMap((part) => (part.status === 'rejected' ? [part.reason] : [])))
}

const PARTS = ['kafka', 'postgres'] as const satisfies readonly Part[]

// The container ways are loaded when they are tried: the Docker client is large, and most launches never touch it.
const kafkaWays: Ways<KafkaComponent> = {
  given: (launch) => useExternalKafka(process.env[GIVEN_BY.kafka] ?? '', launch),
  testcontainers: async (launch) => (await import('./containers.js')).startKafkaContainer(launch),
  embedded: startEmbeddedKafka,
}
const postgresWays: Ways<PostgresComponent> = {
  given: (launch) => useExternalPostgres(process.env[GIVEN_BY.postgres] ?? '', launch),
  testcontainers: async (launch) => (await import('./containers.js')).startPostgresContainer(launch),
  embedded: startEmbeddedPostgres,
}

async function firstThatWorks<C>(part: Part, ways: Ways<C>, launch: PartLaunch): Promise<C> {
  const reasons: Partial<Record<Tier, string>> = { given: `${GIVEN_BY[part]} is not set` }
  for (const tier of launch.security ? (['embedded'] as const) : tiersFor(part, process.env)) {
    try {
      return await ways[tier](launch)
    } catch (thrown: unknown) {
      launch.signal?.throwIfAborted()
      reasons[tier] = toOutflowError(thrown).message
    }
  }
  throw new InfrastructureUnavailable([{ part, reasons }])
}

/** Two unavailable parts make one message; of other errors the first is thrown. */
function mergeFailures(failures: readonly unknown[]): unknown {
  const shortfalls = failures.filter((failure) => failure instanceof InfrastructureUnavailable)
  if (shortfalls.length < failures.length) return failures.find((failure) => !shortfalls.includes(failure as never))
  return new InfrastructureUnavailable(shortfalls.flatMap((failure) => failure.shortfalls))
}
