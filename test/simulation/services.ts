import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '@outflow/contracts'
import { OutflowError, UnexpectedError } from '@outflow/errors'
import { keepTrying, type Log, makeMetrics, makeWakeUp } from '@outflow/runtime'
import { withLeadership } from '@outflow/store'
import { makeCaution } from '../../services/alerts/src/relay.js'
import { relayOutbox } from '../../services/alerts/src/relay-outbox.js'
import { makeTelemetry as makeAlertsTelemetry } from '../../services/alerts/src/telemetry.js'
import { consume } from '../../services/ingest/src/consume.js'
import { keepModels } from '../../services/ingest/src/model-leases.js'
import { makeTelemetry as makeIngestTelemetry } from '../../services/ingest/src/telemetry.js'
import { fixedDetector } from './fixed-detector.js'
import type { NetworkFaults } from './network.js'
import type { Process, Scheduler } from './scheduler.js'
import type { SimulatedBroker } from './simulated-broker.js'
import { simulatedKafka } from './simulated-kafka.js'
import type { SimulatedPostgres } from './simulated-postgres.js'

/** The servers, and what the services share. */
export interface Surroundings {
  readonly scheduler: Scheduler
  readonly broker: SimulatedBroker
  readonly kafkaFaults: NetworkFaults
  readonly postgres: SimulatedPostgres
  readonly config: Config
  /** The active model. */
  readonly activeModel: () => string
  readonly onModelChange: Set<(modelId: string) => void>
  /** A promise of the product that is broken. */
  readonly violated: (what: string) => void
}

/** A service's program. Resolves once it has stopped. */
export type Program = (surroundings: Surroundings, process: Process, signal: AbortSignal) => Promise<void>

/** Ingest, as its main function composes it. */
export const runIngest: Program = async (surroundings, process, signal) => {
  const { scheduler, broker, kafkaFaults: faults, postgres, config } = surroundings
  const pool = postgres.openPool(process)
  const telemetry = makeIngestTelemetry(
    logOf(surroundings, process),
    makeMetrics({}, { ofProcess: false }),
    config.detection,
  )
  const openModels = new Set<object>()
  const open = async () => {
    await sleep(scheduler.random.below(300))
    const model = {}
    openModels.add(model)
    const onClose = () => {
      if (!openModels.delete(model)) surroundings.violated(`${process.name} closes a model twice`)
    }
    return { detector: fixedDetector(config.features, onClose), promotedAt: null }
  }
  const openShadow = async () => (await open()).detector
  const models = keepModels({ open, openShadow, earlier: async () => [], telemetry, signal })
  const serve = (modelId: string) =>
    void scheduler.after(scheduler.random.below(50), process, () => models.serve(modelId))
  surroundings.onModelChange.add(serve)
  models.serve(surroundings.activeModel())
  const stopped = new AbortController()
  try {
    await models.first
    if (signal.aborted) return
    await consume({
      ...{
        config,
        signal,
        pool,
        models,
        telemetry,
        hooks: {},
        kafka: simulatedKafka(process, { scheduler, broker, faults }),
      },
      untilStopped: AbortSignal.any([signal, stopped.signal]),
      watchdog: { begun: () => {}, ended: () => {} },
    })
  } finally {
    stopped.abort()
    surroundings.onModelChange.delete(serve)
    await models.close()
    await pool.end()
    if (openModels.size > 0) surroundings.violated(`${process.name} leaves ${openModels.size} models open`)
  }
}

/** The relay, as the main function of alerts composes it. */
export const runRelay: Program = async (surroundings, process, signal) => {
  const { scheduler, broker, kafkaFaults: faults, postgres, config } = surroundings
  const pool = postgres.openPool(process)
  const kafka = simulatedKafka(process, { scheduler, broker, faults })
  const telemetry = makeAlertsTelemetry(logOf(surroundings, process), makeMetrics({}, { ofProcess: false }))
  const woken = makeWakeUp()
  const wake = () => void scheduler.after(scheduler.random.below(5), process, () => woken.wake())
  postgres.onNotify.add(wake)
  const caution = makeCaution()
  const untilWoken = (until: AbortSignal) => woken.wait(until, POLL_MS)
  try {
    await keepTrying(
      (onProgress) =>
        withLeadership(
          pool,
          `outflow-relay-${config.pipeline}`,
          (leadership) => relayOutbox({ config, kafka, telemetry, leadership, caution, untilWoken, onProgress }),
          { signal },
        ),
      {
        signal,
        onRetry: (error, attempt, waitMs) => {
          if (error instanceof UnexpectedError) surroundings.violated(`${process.name} met a defect: ${error.stack}`)
          telemetry.relayInterrupted(error, attempt, waitMs)
        },
      },
    )
  } finally {
    postgres.onNotify.delete(wake)
    await pool.end()
  }
}

// As listenForOutbox polls.
const POLL_MS = 500

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
