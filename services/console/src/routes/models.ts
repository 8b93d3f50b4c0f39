import { divergenceOf, nextToLabel, openDetector } from '@outflow/detector'
import { precisionOf } from '@outflow/store/anomalies'
import {
  calibrationToLabel,
  listModelChanges,
  listModels,
  loadDifference,
  type ModelSummary,
  modelSummary,
  promoteChecked,
  rollBackModel,
  trainedAtOf,
} from '@outflow/store/models'
import { listFits, requestRetrain } from '@outflow/store/training'
import { z } from 'zod'
import {
  calibrationRecordsSchema,
  modelDetailSchema,
  modelDifferenceSchema,
  modelSchema,
  pipelineSchema,
  precisionSchema,
  textSchema,
  whyTextSchema,
} from '../api/index.js'
import { withAudit } from '../login/audit.js'
import { found } from '../queries.js'
import type { ConsoleServer, RouteContext } from './route-context.js'
import { ofPipelineSchema, reads, writes } from './route-options.js'

const paramsSchema = z.object({ id: textSchema })
const whySchema = z.strictObject({
  /** Reason for the change, for the audit log. */
  reason: whyTextSchema,
})

export function addModelRoutes(server: ConsoleServer, { pool, read }: RouteContext): void {
  server.get(
    '/api/models',
    reads('The models of a pipeline, newest first', z.array(modelSchema)),
    async ({ pipeline }) => (await read((db) => listModels(db, pipeline))).map(modelOf),
  )

  server.get(
    '/api/precision',
    reads('Precision by week, field, severity and model, of the anomalies with a verdict', z.array(precisionSchema)),
    async ({ pipeline }) => [...(await read((db) => precisionOf(db, pipeline)))],
  )

  server.get(
    '/api/models/:id',
    reads('A model with the report of its fit', modelDetailSchema, {
      params: paramsSchema,
      querystring: ofPipelineSchema,
    }),
    async ({ params: { id }, pipeline }) =>
      read(async (db) => {
        const model = found(await modelSummary(db, { pipeline, id }), `model ${id} of ${pipeline}`)
        const [fit] = await listFits(db, { pipeline, modelId: id, limit: 1 })
        const changes = await listModelChanges(db, pipeline)
        return {
          ...modelOf(model),
          fit: fit ?? null,
          changes: changes.filter(({ modelId, previousId }) => modelId === id || previousId === id),
        }
      }),
  )

  server.get(
    '/api/models/:id/difference',
    reads(
      'How another model differs from this one: features, training and gate, and likelihoods',
      modelDifferenceSchema,
      { params: paramsSchema, querystring: ofPipelineSchema.extend({ other: textSchema }) },
    ),
    async ({ params: { id }, query: { other }, pipeline }) => {
      const difference = await read((db) => loadDifference(db, { pipeline, ids: [id, other] }))
      const { first, second, facts, decisions, fields } = difference
      return {
        facts: Object.entries(facts).map(([name, [own, theirs]]) => ({ name, first: own, second: theirs })),
        divergence: await divergenceOf(first.artefact, second.artefact),
        decisions,
        fields: [...fields],
      }
    },
  )

  server.get(
    '/api/calibration-records',
    reads(
      'The calibration records of the active model to label next; POST their verdicts as on anomalies',
      calibrationRecordsSchema,
    ),
    async ({ pipeline }) => {
      const calibration = await read((db) => calibrationToLabel(db, pipeline))
      if (calibration === null) return { labelled: 0, confirmed: 0, next: [] }
      const { records } = calibration
      return {
        labelled: records.filter(({ verdict }) => verdict !== null).length,
        confirmed: records.filter(({ verdict }) => verdict === 'confirmed').length,
        next: nextToLabel(calibration, records),
      }
    },
  )

  server.post(
    '/api/models/:id/promote',
    writes(
      'operator',
      'Makes a model the active one',
      { params: paramsSchema, body: whySchema.extend({ pipeline: pipelineSchema.optional() }) },
      { 204: z.null() },
    ),
    async ({ params: { id }, body: { reason }, pipeline, user }, reply) => {
      const act = { action: 'promote', pipeline, target: id, detail: { reason } }
      await withAudit(pool, user, act, () =>
        promoteChecked(pool, { pipeline, id, by: user.name, why: reason }, openDetector),
      )
      return reply.code(204).send(null)
    },
  )

  server.post(
    '/api/pipelines/:pipeline/rollback',
    writes(
      'operator',
      'Rolls back the active model and activates the one before it',
      { params: z.object({ pipeline: pipelineSchema }), body: whySchema },
      { 204: z.null() },
    ),
    async ({ body: { reason }, pipeline, user }, reply) => {
      const act = { action: 'rollback', pipeline, detail: { reason } }
      await withAudit(pool, user, act, () => rollBackModel(pool, { pipeline, by: user.name, why: reason }))
      return reply.code(204).send(null)
    },
  )

  server.post(
    '/api/retrain',
    writes(
      'operator',
      'Requests a new model from the trainer now',
      { body: z.strictObject({ pipeline: pipelineSchema.optional() }) },
      { 202: z.object({ request: z.string() }) },
    ),
    async ({ pipeline, user }, reply) => {
      const request = await withAudit(pool, user, { action: 'retrain', pipeline }, () =>
        requestRetrain(pool, { pipeline, by: user.name, why: 'requested in the console' }),
      )
      return reply.code(202).send({ request })
    },
  )
}

/** A model as a line of a list. */
function modelOf(model: ModelSummary): z.infer<typeof modelSchema> {
  const { id, state, promotedAt, shadowSince, metadata } = model
  return {
    ...{ id, state, promotedAt },
    shadow: state === 'candidate' && shadowSince !== null,
    provisional: metadata?.provisional ?? false,
    trainedAt: trainedAtOf(model),
    rows: metadata?.training.rows ?? null,
    steps: metadata?.training.steps ?? null,
    validationNll: metadata?.training.validationNll ?? null,
    labels: metadata?.calibration.labels ?? null,
  }
}
