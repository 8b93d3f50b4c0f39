import { UnexpectedError } from '@outflow/errors'
import { makeDecoder } from '@outflow/records'
import { makeMetrics } from '@outflow/runtime'
import { listen } from '@outflow/store'
import { DUE_POLL_MS, keepFitting } from '../../services/trainer/src/lead.js'
import { makeTelemetry } from '../../services/trainer/src/telemetry.js'
import { fixedFit } from './fixed-model.js'
import { openModels, openService, type Program } from './services.js'

/** The trainer, as its main function composes it. */
export const runTrainer: Program = async (surroundings, process, signal) => {
  const { config, violated } = surroundings
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
  const train = fixedFit(surroundings)
  const requests = { ...listening, onError: telemetry.storeConnectionLost, pollMs: DUE_POLL_MS }
  const decoder = makeDecoder(config.source)
  try {
    await keepFitting({
      ...{ config, pool, kafka, decoder, telemetry, tracing: null, signal },
      ...{ models: { train, open }, listen: (onWork) => listen({ ...requests, checks: { outflow_training: onWork } }) },
    })
  } finally {
    await pool.end()
    end()
  }
}
