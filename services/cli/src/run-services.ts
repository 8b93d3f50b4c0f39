import { runAlerts } from '@outflow/alerts'
import type { Config } from '@outflow/contracts'
import { runIngest } from '@outflow/ingest'
import { type Log, loadConfig, makeLog, makeVitals, runUntilSignal, serveVitals, type Vitals } from '@outflow/runtime'
import { runTrainer } from '@outflow/trainer'
import { runTogether } from './run-together.js'
import type { ServiceName } from './service-names.js'

const SERVICES = { ingest: runIngest, trainer: runTrainer, alerts: runAlerts } as const

/** Runs a service, or all of them, until a signal; gives the exit code. */
export async function runNamed(name: ServiceName, configPath: string): Promise<0 | 1> {
  const config = await loadConfig(configPath)
  const log = makeLog({ service: name, level: config.log.level })
  const run = name === 'all' ? runAll(config, log) : (signal: AbortSignal) => SERVICES[name]({ config, log, signal })
  return runUntilSignal(run, { log })
}

/** All services in one process, on one address for health and metrics. */
const runAll =
  (config: Config, log: Log) =>
  async (signal: AbortSignal): Promise<void> => {
    const vitals = makeVitals({ pipeline: config.pipeline })
    const server = await serveVitals(vitals, { host: config.http.host, port: config.http.ports.all })
    log.info({ address: server.url }, 'health and metrics served')
    try {
      await runServices({ config, level: config.log.level, vitals, signal })
    } finally {
      await server.close()
    }
  }

interface ServicesOptions {
  readonly config: Config
  readonly level: Config['log']['level']
  readonly vitals: Vitals
  readonly signal: AbortSignal
}

function runServices({ config, level, vitals, signal }: ServicesOptions): Promise<void> {
  return runTogether(
    Object.entries(SERVICES).map(
      ([service, run]) =>
        (inner: AbortSignal) =>
          run({ config, log: makeLog({ service, level }), vitals, signal: inner }),
    ),
    signal,
  )
}
