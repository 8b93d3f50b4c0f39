import { runAlerts } from '@outflow/alerts'
import { runConsole } from '@outflow/console'
import type { Config } from '@outflow/contracts'
import { runIngest } from '@outflow/ingest'
import {
  type Log,
  loadConfig,
  makeLog,
  makeVitals,
  runPipelines,
  runTogether,
  runUntilSignal,
  serveVitals,
  type Vitals,
} from '@outflow/runtime'
import { runTrainer } from '@outflow/trainer'
import { UsageError } from '../../errors.js'

const SERVICES = { ingest: runIngest, trainer: runTrainer, alerts: runAlerts, console: runConsole } as const

/**
 * Runs a service, or all of them, until a signal; gives the exit code.
 *
 * @param configPaths  one or more; of several, each is a pipeline of its own, and the console is the first one's
 */
export async function runNamed(name: ServiceName, configPaths: readonly string[]): Promise<0 | 1> {
  const configs = await Promise.all(configPaths.map((path) => loadConfig(path)))
  const [first] = configs as [Config]
  const log = makeLog({ service: name, level: first.log.level })
  if (configs.length === 1) {
    const run =
      name === 'all' ? runAll(first, log) : (signal: AbortSignal) => SERVICES[name]({ config: first, log, signal })
    return runUntilSignal(run, { log })
  }
  if (name === 'console') {
    throw new UsageError('the console shows every pipeline of its database; give it one configuration')
  }
  requireDistinct(configs)
  const named = name === 'all' ? ALL : [name]
  const run = (signal: AbortSignal) =>
    runPipelines({
      configs,
      log,
      address: { host: first.http.host, port: first.http.ports[name] },
      run: ({ config, vitals, signal }) =>
        runServices(config === first ? named : named.filter((service) => service !== 'console'), {
          config,
          vitals,
          signal,
          logOf: (service) => makeLog({ service, level: config.log.level }).child({ pipeline: config.pipeline }),
        }),
      signal,
    })
  return runUntilSignal(run, { log })
}

/** All services in one process, on one address for health and metrics. */
const runAll =
  (config: Config, log: Log) =>
  async (signal: AbortSignal): Promise<void> => {
    const vitals = makeVitals({ pipeline: config.pipeline })
    const server = await serveVitals(vitals, { host: config.http.host, port: config.http.ports.all })
    log.info({ address: server.url }, 'health and metrics served')
    const logOf = (service: string) => makeLog({ service, level: config.log.level })
    try {
      await runServices(ALL, { config, vitals, signal, logOf })
    } finally {
      await server.close()
    }
  }

type Service = keyof typeof SERVICES
export type ServiceName = Service | 'all'

const ALL = Object.keys(SERVICES) as readonly Service[]

interface ServicesOptions {
  readonly config: Config
  readonly logOf: (service: Service) => Log
  readonly vitals: Vitals
  readonly signal: AbortSignal
}

function runServices(names: readonly Service[], { config, logOf, vitals, signal }: ServicesOptions): Promise<void> {
  return runTogether(
    names.map((name) => (inner: AbortSignal) => SERVICES[name]({ config, log: logOf(name), vitals, signal: inner })),
    signal,
  )
}

/** Two configurations of one pipeline would share its offsets, its consumer group and its models. */
function requireDistinct(configs: readonly Config[]): void {
  const names = configs.map(({ pipeline }) => pipeline)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  throw new UsageError(`two configurations name the pipeline ${twice}; give each its own name`)
}
