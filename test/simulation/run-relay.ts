import { UnexpectedError } from '@outflow/errors'
import { makeWakeUp } from '@outflow/errors/retrying'
import { makeMetrics } from '@outflow/runtime'
import { keepLeading, listen } from '@outflow/store'
import { noOversized } from '../../services/alerts/src/relay.js'
import { relayOutbox } from '../../services/alerts/src/relay-outbox.js'
import { makeTelemetry } from '../../services/alerts/src/telemetry.js'
import { openService, type Program } from './services.js'

/** The relay, as the main function of alerts composes it. */
export const runRelay: Program = async (surroundings, process, signal) => {
  const { config } = surroundings
  const { pool, kafka, log, listening } = openService(surroundings, process)
  const telemetry = makeTelemetry(log, makeMetrics({}, { ofProcess: false }))
  const woken = makeWakeUp()
  const outbox = listen({
    ...listening,
    checks: { outflow_outbox: woken.wake },
    onError: telemetry.storeConnectionLost,
  })
  const oversized = noOversized()
  try {
    await keepLeading(
      pool,
      `outflow-relay-${config.pipeline}`,
      (leadership, onProgress) =>
        relayOutbox({ config, kafka, telemetry, leadership, oversized, untilWoken: woken.wait, onProgress }),
      {
        signal,
        onRetry: (error, attempt, waitMs) => {
          if (error instanceof UnexpectedError) surroundings.violated(`${process.name} met a defect: ${error.stack}`)
          telemetry.relayInterrupted(error, attempt, waitMs)
        },
      },
    )
  } finally {
    await outbox.close()
    await pool.end()
  }
}
