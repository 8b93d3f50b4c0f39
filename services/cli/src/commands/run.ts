import type { Config } from '@outflow/contracts'
import {
  type Log,
  loadConfig,
  makeLog,
  makeVitals,
  runPipelines,
  runTogether,
  runUntilSignal,
  type ServiceOptions,
  serveVitals,
} from '@outflow/runtime'
import { Argument } from 'commander'
import type { CommandContext } from '../command-context.js'
import { UsageError } from '../errors.js'
import { configsOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'

export function define(command: OutflowCommand, context: CommandContext): void {
  command
    .description(
      'Runs a service until SIGTERM or Ctrl-C, then drains within 10 s. /healthz, /readyz and /metrics are served on the ' +
        'port of http.ports. The log is JSON lines in production and in a pipe, and readable lines on a terminal. `all` is one process; ' +
        'when one of its services fails, the others drain and it exits with 1.',
    )
    .addArgument(new Argument('<service>', 'its name').choices([...ALL, 'all']))
    .addOption(configsOption('run several pipelines in one process'))
    .examples(
      'outflow run all --config outflow.yaml',
      'outflow run ingest --config flights.yaml --config parcels.yaml',
      'outflow run ingest --config outflow.yaml | jq \'select(.level == "warn")\'',
    )
    .action(async (name: ServiceName, { config = ['outflow.yaml'] }: { readonly config?: readonly string[] }) => {
      context.exitCode = await runNamed(name, config)
    })
}

/** Imported on demand: a process loads only the services that it runs. */
const SERVICES = {
  ingest: async (options: ServiceOptions) => (await import('@outflow/ingest')).runIngest(options),
  trainer: async (options: ServiceOptions) => (await import('@outflow/trainer')).runTrainer(options),
  alerts: async (options: ServiceOptions) => (await import('@outflow/alerts')).runAlerts(options),
  console: async (options: ServiceOptions) => (await import('@outflow/console')).runConsole(options),
} as const

/**
 * Runs a service, or all of them, until a signal. @returns the exit code
 *
 * @param configPaths  one or more; each is a separate pipeline, and the console uses the first one
 */
async function runNamed(name: ServiceName, configPaths: readonly string[]): Promise<0 | 1> {
  const configs = await Promise.all(configPaths.map((path) => loadConfig(path)))
  const [first] = configs as [Config]
  const log = makeLog({ service: name, level: first.log.level })
  if (configs.length === 1) return runUntilSignal((signal) => runPipeline(name, first, log, signal), { log })
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
      run: ({ config, vitals }) =>
        runServices(config === first ? named : named.filter((service) => service !== 'console'), {
          config,
          vitals,
          signal,
          logOf: (service) => makeLog({ service, level: config.log.level }).child({ pipeline: config.pipeline }),
        }),
    })
  return runUntilSignal(run, { log })
}

/** Runs a service or all of them, with one address for health and metrics. */
async function runPipeline(name: ServiceName, config: Config, log: Log, signal: AbortSignal): Promise<void> {
  const { pipeline, http } = config
  const vitals = makeVitals({ pipeline })
  // The console serves health and metrics itself.
  if (name === 'console') return SERVICES.console({ config, log, vitals, signal })
  const names = name === 'all' ? ALL : [name]
  const logOf = (service: string) => makeLog({ service, level: config.log.level })
  const server = await serveVitals(vitals, { host: http.host, port: http.ports[name] })
  log.info({ address: server.url }, 'health and metrics served')
  await runServices(names, { config, vitals, signal, logOf }).finally(server.close)
}

type Service = keyof typeof SERVICES
type ServiceName = Service | 'all'

const ALL = Object.keys(SERVICES) as readonly Service[]

interface ServicesOptions extends Omit<ServiceOptions, 'log'> {
  readonly logOf: (service: Service) => Log
}

function runServices(names: readonly Service[], { logOf, ...options }: ServicesOptions): Promise<void> {
  options.vitals.expect(names)
  return runTogether(
    names.map((name) => (signal: AbortSignal) => SERVICES[name]({ ...options, log: logOf(name), signal })),
    options.signal,
  )
}

/** Two configurations of one pipeline would share its offsets, its consumer group and its models. */
function requireDistinct(configs: readonly Config[]): void {
  const names = configs.map(({ pipeline }) => pipeline)
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  throw new UsageError(`two configurations name the pipeline ${twice}; give each its own name`)
}
