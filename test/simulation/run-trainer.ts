import { UnexpectedError } from '@outflow/errors'
import { makeDecoder } from '@outflow/records'
import { keepTrying, makeMetrics } from '@outflow/runtime'
import { withLeadership } from '@outflow/store'
import { listenForTraining } from '@outflow/store/training'
import { DUE_POLL_MS, lead } from '../../services/trainer/src/lead.js'
import { makeTelemetry } from '../../services/trainer/src/telemetry.js'
import { fixedFit } from './fixed-model.js'
import { openModels, openService, type Program } from './services.js'

/** The trainer, as its main function composes it. */
export const runTrainer: Program = async (surroundings, process, signal) => {
  const { scheduler, config, fits, violated } = surroundings
  const { pool, kafka, log, listening } = openService(surroundings, process)
  const { trainingFailed, ...others } = makeTelemetry(log, makeMetrics({}, { ofProcess: false }), config.detection)
  const telemetry: ReturnType<typeof makeTelemetry> = {
    ...others,
    trainingFailed: (error, ...more) => {
      if (error instanceof UnexpectedError) violated(`${process.name} met a defect: ${error.stack}`)
      trainingFailed(error, ...more)
    },
  }
  const { open, end } = openModels(surroundings, process)
  const train = fixedFit({ scheduler, poorOneIn: fits.poorOneIn, failsOneIn: () => fits.failsOneIn })
  const listen = (onWork: () => void) =>
    listenForTraining({ ...listening, onWork, onError: telemetry.storeConnectionLost, pollMs: DUE_POLL_MS })
  const decoder = makeDecoder(config.source)
  try {
    await keepTrying(
      (progressed) =>
        withLeadership(
          pool,
          `outflow-trainer-${config.pipeline}`,
          async (leadership) => {
            progressed()
            await lead({
              ...{ config, pool, kafka, decoder, telemetry, tracing: null, signal: leadership.signal },
              ...{ models: { train, open }, listen },
            })
          },
          { signal },
        ),
      { signal, onRetry: telemetry.leadershipInterrupted },
    )
  } finally {
    await pool.end()
    end()
  }
}
