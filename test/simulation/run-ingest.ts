import { setTimeout as sleep } from 'node:timers/promises'
import { makeMetrics } from '@outflow/runtime'
import { earlierModelIds, listenForModels, loadModel } from '@outflow/store/models'
import { consume } from '../../services/ingest/src/consume.js'
import { keepModels } from '../../services/ingest/src/model-leases.js'
import { makeTelemetry } from '../../services/ingest/src/telemetry.js'
import { openModels, openService, type Program } from './services.js'

const LONGEST_OPEN_MS = 300

/** Ingest, as its main function composes it. */
export const runIngest: Program = async (surroundings, process, signal) => {
  const { scheduler, config } = surroundings
  const { pipeline } = config
  const { pool, kafka, log, listening } = openService(surroundings, process)
  const telemetry = makeTelemetry(log, makeMetrics({}, { ofProcess: false }), config.detection)
  const opened = openModels(surroundings, process)
  const open = async (id: string) => {
    const { artefact, promotedAt } = await loadModel(pool, { pipeline, id })
    await sleep(scheduler.random.below(LONGEST_OPEN_MS))
    return { detector: await opened.open(artefact), promotedAt }
  }
  const models = keepModels({
    open,
    openShadow: async (id) => (await open(id)).detector,
    earlier: () => earlierModelIds(pool, pipeline),
    telemetry,
    signal,
  })
  const modelChanges = listenForModels({
    ...listening,
    onChange: models.serve,
    onRecalibration: models.recalibrate,
    onShadow: models.shadow,
    onError: telemetry.storeConnectionLost,
  })
  const stopped = new AbortController()
  try {
    await models.first
    if (signal.aborted) return
    await consume({
      ...{ config, kafka, signal, pool, models, telemetry, hooks: {} },
      untilStopped: AbortSignal.any([signal, stopped.signal]),
      watchdog: { begun: () => {}, ended: () => {} },
    })
  } finally {
    stopped.abort()
    await modelChanges.close()
    await models.close()
    await pool.end()
    opened.end()
  }
}
