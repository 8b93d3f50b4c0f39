import type { Config } from '@outflow/contracts'
import type { Detector } from '@outflow/detector'
import { OutflowError } from '@outflow/errors'
import type { Log } from '@outflow/runtime'
import { type Fits, openFixed } from './fixed-model.js'
import type { NetworkFaults } from './network.js'
import type { Process, Scheduler } from './scheduler.js'
import type { SimulatedBroker } from './simulated-broker.js'
import { simulatedKafka } from './simulated-kafka.js'
import type { SimulatedPostgres } from './simulated-postgres.js'

/** The servers and configuration that the services share. */
export interface Surroundings {
  readonly scheduler: Scheduler
  readonly broker: SimulatedBroker
  readonly kafkaFaults: NetworkFaults
  readonly postgres: SimulatedPostgres
  readonly config: Config
  readonly fits: Fits
  /** Reports a broken promise of the product. */
  readonly violated: (what: string) => void
}

/** A service's program. Resolves once it has stopped. */
export type Program = (surroundings: Surroundings, process: Process, signal: AbortSignal) => Promise<void>

/** Opens the resources that each service opens in its main function. */
export function openService(surroundings: Surroundings, process: Process) {
  const { scheduler, broker, kafkaFaults: faults, postgres, config } = surroundings
  return {
    pool: postgres.openPool(process),
    kafka: simulatedKafka(process, { scheduler, broker, faults }),
    log: logOf(surroundings, process),
    /** Options of the store's listeners. */
    listening: { url: config.postgres.url, pipeline: config.pipeline, makeClient: postgres.listenerOf(process) },
  }
}

/** Opens models, and reports those that are closed twice or not at all. */
export function openModels({ violated }: Surroundings, process: Process) {
  const open = new Set<object>()
  return {
    open: async (artefact: Uint8Array): Promise<Detector> => {
      const model = {}
      open.add(model)
      return openFixed(artefact, () => {
        if (!open.delete(model)) violated(`${process.name} closes a model twice`)
      })
    },
    end: () => {
      if (open.size > 0) violated(`${process.name} leaves ${open.size} models open`)
    },
  }
}

/** A log whose lines are events of the trace. */
function logOf({ scheduler }: Surroundings, process: Process): Log {
  const write = (fields: unknown, message?: unknown) => {
    const error = (fields as { readonly error?: unknown }).error
    const about = error instanceof OutflowError ? `: ${error.message}` : ''
    scheduler.trace(scheduler.nowMs, process.name, `logs “${String(message ?? fields)}”${about}`)
  }
  const log = { debug: () => {}, info: write, warn: write, error: write, child: () => log }
  return log as unknown as Log
}
