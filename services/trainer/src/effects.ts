import { withDetector } from '@outflow/detector'
import { inSpan } from '@outflow/runtime'
import { ModelDamaged } from '@outflow/store'
import { activeModel, failGate, insertModel, loadModel } from '@outflow/store/models'
import { confirmedPositions, endFit, listExclusions, listFits, noteFitStep, startFit } from '@outflow/store/training'
import { sampleWindow } from '@outflow/streams'
import { passGate } from './fit/gate.js'
import type { TrainerEffects } from './fit/train-once.js'
import { startShadow } from './shadow/run-shadow.js'
import type { TrainerContext } from './trainer-context.js'

/** The effects of a round on Kafka and Postgres. */
export function effectsOn(context: TrainerContext): TrainerEffects {
  const {
    config: { pipeline, source },
    pool,
    kafka,
    models,
    tracing,
  } = context
  return {
    readWindow: (options) =>
      sampleWindow(kafka, { topics: source.topics, skipTombstones: source.tombstones === 'skip', ...options }),
    incumbent: async () => {
      const active = await activeModel(pool, pipeline).catch((thrown: unknown) => {
        // Ingest cannot open it either, so the candidate replaces it.
        if (thrown instanceof ModelDamaged) return null
        throw thrown
      })
      return active?.metadata ? { ...active, metadata: active.metadata } : null
    },
    leftOut: async (since) => ({
      confirmed: await confirmedPositions(pool, pipeline),
      spans: await listExclusions(pool, { pipeline, since }),
    }),
    openReport: (because, report, incumbentId) => startFit(pool, { pipeline, because, report, incumbentId }),
    noteStep: (id, step, maxSteps) => noteFitStep(pool, { id, step, maxSteps }),
    closeReport: (id, end) => endFit(pool, { id, ...end }),
    train: (input) =>
      inSpan(
        tracing,
        'fit',
        () => ({
          kind: 'INTERNAL',
          attributes: { 'outflow.pipeline': pipeline, 'outflow.records': input.records.length },
        }),
        () => models.train(input),
      ),
    score: (artefact, records) =>
      withDetector(artefact, async (detector) => (await detector.score(records)).nll, models.open),
    passGate: (options) => passGate({ ...options, open: models.open }),
    isNewest: async (fitId) => (await listFits(pool, { pipeline, limit: 1 }))[0]?.id === fitId,
    store: async (model) => {
      await insertModel(pool, { ...model, pipeline })
      return (await loadModel(pool, { pipeline, id: model.id })).state
    },
    promote: (id, why) => startShadow(context, id, why),
    failGate: (id, metrics) => failGate(pool, { pipeline, id, metrics }),
  }
}
