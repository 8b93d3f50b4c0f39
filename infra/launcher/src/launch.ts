import { toOutflowError } from '@outflow/errors'
import { startEmbeddedKafka } from './embedded-kafka.js'
import { startEmbeddedPostgres } from './embedded-postgres.js'
import { InfrastructureUnavailable } from './errors.js'
import { useExternalKafka, useExternalPostgres } from './external-servers.js'
import type { Infrastructure, KafkaComponent, Part, PostgresComponent, Tier } from './infrastructure.js'
import { launchBase, openLaunchFolder } from './launch-folder.js'
import { sweepOrphans } from './orphans.js'
import type { KafkaSecurity, PartLaunch } from './part-launch.js'
import { ADDRESS_VARIABLE, tiersFor } from './tiers.js'

interface LaunchOptions<P extends Part = Part> {
  /** Parts to provide. Default: both. */
  readonly need?: readonly P[]
  /** Called with a line that states what the launch waits for. */
  readonly onProgress?: (line: string) => void
  /** TLS and logins of Kafka, for tests; only the embedded one supports them. Default: neither. */
  readonly security?: KafkaSecurity
  /** Aborts the launch: started servers are ended, and the signal's reason is thrown. */
  readonly signal?: AbortSignal
}

type Sources<C> = Readonly<Record<Tier, (launch: PartLaunch) => Promise<C>>>

/**
 * Provides Kafka and Postgres, each from the first source that works: the server that KAFKA_BROKERS or DATABASE_URL names; a
 * container, if a Docker engine answers; a child process. A started server listens on the loopback interface only, keeps
 * its data in a temporary folder, and ends when `stop` is called or shortly after this process exits.
 *
 * @throws {InfrastructureUnavailable} when all sources fail, with the reason for each
 */
export async function launchInfrastructure<P extends Part = Part>(
  options: LaunchOptions<P> = {},
): Promise<Infrastructure<P>> {
  const { need = PARTS, onProgress = () => {}, signal, security } = options
  const needed: readonly Part[] = need
  for (const folder of await sweepOrphans(launchBase()))
    onProgress(`removed ${folder}, which a killed launch left behind`)
  const folder = await openLaunchFolder()
  const launch: PartLaunch = { folder, signal, onProgress, security }
  const [kafka, postgres] = await Promise.allSettled([
    needed.includes('kafka') ? startFromSources('kafka', kafkaSources, launch) : undefined,
    needed.includes('postgres') ? startFromSources('postgres', postgresSources, launch) : undefined,
  ])
  if (kafka.status === 'fulfilled' && postgres.status === 'fulfilled') {
    const components = {
      ...(kafka.value && { kafka: kafka.value }),
      ...(postgres.value && { postgres: postgres.value }),
    }
    return { ...components, folder: folder.path, stop: () => folder.end() } as Infrastructure<P> // it has the parts in `need`: P
  }
  await folder.end()
  throw mergeFailures([kafka, postgres].flatMap((part) => (part.status === 'rejected' ? [part.reason] : [])))
}

const PARTS = ['kafka', 'postgres'] as const satisfies readonly Part[]

// The container sources are loaded on demand: the Docker client is large, and most launches do not use it.
const kafkaSources: Sources<KafkaComponent> = {
  given: (launch) => useExternalKafka(process.env[ADDRESS_VARIABLE.kafka] ?? '', launch),
  testcontainers: async (launch) => (await import('./containers.js')).startKafkaContainer(launch),
  embedded: startEmbeddedKafka,
}
const postgresSources: Sources<PostgresComponent> = {
  given: (launch) => useExternalPostgres(process.env[ADDRESS_VARIABLE.postgres] ?? '', launch),
  testcontainers: async (launch) => (await import('./containers.js')).startPostgresContainer(launch),
  embedded: startEmbeddedPostgres,
}

async function startFromSources<C>(part: Part, sources: Sources<C>, launch: PartLaunch): Promise<C> {
  const reasons: Partial<Record<Tier, string>> = { given: `${ADDRESS_VARIABLE[part]} is not set` }
  for (const tier of launch.security ? (['embedded'] as const) : tiersFor(part, process.env)) {
    try {
      return await sources[tier](launch)
    } catch (thrown: unknown) {
      launch.signal?.throwIfAborted()
      reasons[tier] = toOutflowError(thrown).message
    }
  }
  throw new InfrastructureUnavailable([{ part, reasons }])
}

/** Merges two unavailable parts into one error; of other errors, the first is returned. */
function mergeFailures(failures: readonly unknown[]): unknown {
  const isUnavailable = (failure: unknown) => failure instanceof InfrastructureUnavailable
  if (failures.every(isUnavailable)) return new InfrastructureUnavailable(failures.flatMap(({ parts }) => parts))
  return failures.find((failure) => !isUnavailable(failure))
}
