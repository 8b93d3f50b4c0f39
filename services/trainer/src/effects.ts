import type { FitReport, GateReport, ModelMetadata } from '@outflow/contracts'
import { type TrainingInput, withDetector } from '@outflow/detector'
import type { Fields } from '@outflow/records/fields'
import { inSpan } from '@outflow/runtime'
import { ModelDamaged } from '@outflow/store'
import { activeModel, failGate, insertModel, loadModel, type NewModel } from '@outflow/store/models'
import { confirmedPositions, endFit, listExclusions, listFits, noteFitStep, startFit } from '@outflow/store/training'
import { type SampleOptions, sampleWindow } from '@outflow/streams'
import { type GateOptions, passGate } from './fit/gate.js'
import { startShadow } from './shadow/run-shadow.js'
import type { TrainerContext } from './trainer-context.js'
import type { SampledRecord } from './window/sampled-records.js'
import type { LeftOut } from './window/training-records.js'

/** The active model. */
export interface Incumbent {
  readonly id: string
  readonly artefact: Uint8Array
  readonly metadata: ModelMetadata
}

export type TrainerEffects = ReturnType<typeof effectsOn>

/** The effects of a round on Kafka, Postgres and the fitting process; tests pass simulated ones. */
export function effectsOn(context: TrainerContext) {
  const {
    config: { pipeline, source },
    pool,
    kafka,
    models,
    tracing,
  } = context
  return {
    readWindow: (options: Omit<SampleOptions<SampledRecord>, 'topics'>) =>
      sampleWindow(kafka, { topics: source.topics, skipTombstones: source.tombstones === 'skip', ...options }),
    /** The active model; null if there is none, or if it is damaged. */
    incumbent: async (): Promise<Incumbent | null> => {
      const active = await activeModel(pool, pipeline).catch((thrown: unknown) => {
        // Ingest cannot open it either, so the candidate replaces it.
        if (thrown instanceof ModelDamaged) return null
        throw thrown
      })
      return active?.metadata ? { ...active, metadata: active.metadata } : null
    },
    leftOut: async (since: Date): Promise<LeftOut> => ({
      confirmed: await confirmedPositions(pool, pipeline),
      spans: await listExclusions(pool, { pipeline, since }),
    }),
    openReport: (because: string, report: FitReport, incumbentId: string | null) =>
      startFit(pool, { pipeline, because, report, incumbentId }),
    noteStep: (id: string, step: number, maxSteps: number) => noteFitStep(pool, { id, step, maxSteps }),
    closeReport: (id: string, end: Omit<Parameters<typeof endFit>[1], 'id'>) => endFit(pool, { id, ...end }),
    train: (input: TrainingInput) =>
      inSpan(
        tracing,
        'fit',
        () => ({
          kind: 'INTERNAL',
          attributes: { 'outflow.pipeline': pipeline, 'outflow.records': input.records.length },
        }),
        () => models.train(input),
      ),
    /** NLL of each record by a model, nats. */
    score: (artefact: Uint8Array, records: readonly Fields[]) =>
      withDetector(artefact, async (detector) => (await detector.score(records)).nll, models.open),
    passGate: (options: Omit<GateOptions, 'open'>) => passGate({ ...options, open: models.open }),
    /** Whether no fit was started after this one; another trainer may have taken over while Postgres was down. */
    isNewest: async (fitId: string) => (await listFits(pool, { pipeline, limit: 1 }))[0]?.id === fitId,
    /** Stores a candidate, reads it back with its checksum verified, and returns its state, since it may have been stored before. */
    store: async (model: Omit<NewModel, 'pipeline'>) => {
      await insertModel(pool, { ...model, pipeline })
      return (await loadModel(pool, { pipeline, id: model.id })).state
    },
    promote: (id: string, why: string) => startShadow(context, id, why),
    failGate: (id: string, metrics: GateReport) => failGate(pool, { pipeline, id, metrics }),
  }
}
