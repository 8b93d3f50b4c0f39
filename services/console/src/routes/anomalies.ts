import { anomalyId, type Position, parseAnomalyId } from '@outflow/contracts'
import { stepsOfColumn } from '@outflow/contracts/feature'
import { explainStored } from '@outflow/detector'
import type { Client } from '@outflow/store'
import {
  type AnomalyFilter,
  type AnomalyLine,
  anomalyAt,
  giveVerdict,
  giveVerdicts,
  hasMoreAnomalies,
  listAnomalies,
  type StoredAnomaly,
  verdictsOn,
} from '@outflow/store/anomalies'
import { explanationSource, modelSummary, trainedAtOf } from '@outflow/store/models'
import { unsentCauseAt } from '@outflow/store/outbox'
import { deliveriesOf } from '@outflow/store/webhooks'
import { z } from 'zod'
import {
  type AnomalyFilterQuery,
  type AnomalySummary,
  anomaliesPageSchema,
  anomaliesQuerySchema,
  anomalySchema,
  bulkVerdictAnswerSchema,
  bulkVerdictSchema,
  limitSchema,
  newVerdictSchema,
  overviewQuerySchema,
  overviewSchema,
  similarPageSchema,
  storedVerdictSchema,
  valuesAroundSchema,
} from '../api/index.js'
import { MAX_BULK_VERDICTS } from '../api/limits.js'
import { RequestRefused } from '../errors.js'
import { withAudit } from '../login/audit.js'
import { readOverview, searchedBy } from '../overview.js'
import { found } from '../queries.js'
import { similarity } from '../similarity.js'
import { readValuesAround } from '../values-around.js'
import type { ConsoleServer, RouteContext } from './route-context.js'
import { reads, writes } from './route-options.js'

const AROUND = "The records of an anomaly's entity around it, from Kafka, with what the model expects"
const paramsSchema = z.object({ id: z.string() })

export function addAnomalyRoutes(server: ConsoleServer, { config, pool, read }: RouteContext): void {
  server.get(
    '/api/anomalies',
    reads('A page of anomalies', anomaliesPageSchema, { querystring: anomaliesQuerySchema }),
    async ({ query: { column = [], cursor: after, sort, limit, detectedWithinMs, ...query }, pipeline }) => {
      const listing = { sort, limit, after, detectedWithinMs, values: [column].flat().map(stepsOfColumn) }
      const { items, next } = await read(async (db) =>
        listAnomalies(db, { ...(await searchedBy(db, filterOf(query, pipeline))), ...listing }),
      )
      return { items: items.map((row) => ({ ...summaryOf(row), values: [...row.values] })), next }
    },
  )

  server.get(
    '/api/anomalies/overview',
    reads('Numbers of anomalies by time, entity, field and severity', overviewSchema, {
      querystring: overviewQuerySchema,
    }),
    async ({ query: { steps, compare, ...query }, pipeline }) =>
      read((db) => readOverview(db, { filter: filterOf(query, pipeline), steps, compare: compare === 'true' })),
  )

  server.get(
    '/api/anomalies/:id',
    reads('An anomaly with its record, reasons, verdicts and alert', anomalySchema, { params: paramsSchema }),
    async ({ params }) => anomalyDetails({ config, pool, read }, params.id),
  )

  server.get(
    '/api/anomalies/:id/similar',
    reads('Earlier anomalies of the same main field, the most similar first', similarPageSchema, {
      params: paramsSchema,
      querystring: z.object({ limit: limitSchema(100, 10) }),
    }),
    async ({ params, query }) => ({ items: await read((db) => similarAnomalies(db, params.id, query.limit)) }),
  )

  server.get(
    '/api/anomalies/:id/around',
    {
      config: { rateLimit: { max: 20, timeWindow: '1 minute' } },
      ...reads(AROUND, valuesAroundSchema, { params: paramsSchema }),
    },
    async ({ params }) => {
      const anomaly = await read((db) => anomalyOf(db, params.id))
      if (anomaly.pipeline !== config.pipeline) {
        throw new RequestRefused(404, `the topics of ${anomaly.pipeline} are read by the console of its configuration`)
      }
      return readValuesAround({ config, pool, read }, anomaly)
    },
  )

  server.post(
    '/api/anomalies/verdicts',
    writes(
      'analyst',
      `Stores one verdict on every anomaly of a filter, at most ${MAX_BULK_VERDICTS.toLocaleString('en')}`,
      { body: bulkVerdictSchema },
      { 201: bulkVerdictAnswerSchema },
    ),
    async ({ body: { verdict, note = null, filter: query }, pipeline, user }, reply) => {
      const filter = await read((db) => searchedBy(db, filterOf(query, pipeline)))
      if (await read((db) => hasMoreAnomalies(db, filter, MAX_BULK_VERDICTS))) {
        throw new RequestRefused(400, `filter: allowed: one of at most ${MAX_BULK_VERDICTS} anomalies; narrow it`)
      }
      const act = { action: 'give verdicts', pipeline, detail: { verdict, note, filter: query } }
      const anomalies = await withAudit(pool, user, act, () =>
        giveVerdicts(pool, { filter, verdict, note, by: user.name }),
      )
      return reply.code(201).send({ anomalies })
    },
  )

  server.post(
    '/api/anomalies/:id/verdicts',
    writes(
      'analyst',
      'Stores a verdict on an anomaly or a calibration record; the latest one counts',
      { params: paramsSchema, body: newVerdictSchema },
      { 201: storedVerdictSchema },
    ),
    async ({ params, body: { verdict, note = null }, user }, reply) => {
      const { pipeline, position } = requireAnomalyId(params.id)
      const [replaced = null] = await read((db) => verdictsOn(db, pipeline, position))
      const act = { action: 'give verdict', pipeline, target: params.id, detail: { verdict, note } }
      const given = await withAudit(pool, user, act, () =>
        giveVerdict(pool, { pipeline, ...position, verdict, note, by: user.name }),
      )
      return reply.code(201).send({ ...given, replaced })
    },
  )
}

const filterOf = ({ minBits, ...rest }: AnomalyFilterQuery, pipeline: string): AnomalyFilter => ({
  ...rest,
  pipeline,
  maxPValue: minBits === undefined ? undefined : 2 ** -minBits,
})

/** An anomaly as a line of a list. */
function summaryOf({ entityKey, ...line }: AnomalyLine): AnomalySummary {
  return {
    ...line,
    id: anomalyId(line.pipeline, line),
    key: entityKey,
    fields: [...line.fields],
  }
}

async function anomalyDetails({ config, pool, read }: RouteContext, id: string) {
  const { stored, model, verdicts, alert } = await read(async (db) => {
    const stored = await anomalyOf(db, id)
    const { pipeline, modelId } = stored
    const deliveries = await deliveriesOf(db, { pipeline, eventId: anomalyId(pipeline, stored) })
    return {
      stored,
      model: await modelSummary(db, { pipeline, id: modelId }),
      verdicts: [...(await verdictsOn(db, pipeline, stored))],
      alert: { unsent: await unsentCauseAt(db, pipeline, stored), deliveries: [...deliveries] },
    }
  })
  const target = stored.pipeline === config.pipeline ? config.detection : undefined
  const explanation = await explainStored(explanationSource(pool, stored.pipeline), stored, target)
  const anomaly = { ...stored, ...explanation }
  const reasons = anomaly.reasons ?? []
  const line = {
    ...anomaly,
    recordTime: new Date(anomaly.recordTimeMs),
    eventTime: new Date(anomaly.eventTimeMs),
    topReason: reasons[0]?.text ?? anomaly.unexplainable,
    fields: reasons,
  }
  return {
    ...anomaly,
    ...summaryOf(line),
    verdicts,
    alert,
    reasons: [...reasons],
    missing: [...anomaly.missing],
    model: model && { trainedAt: trainedAtOf(model), state: model.state },
  }
}

/** Earlier anomalies of the same main field, the most similar first. */
async function similarAnomalies(db: Client, id: string, limit: number) {
  const anomaly = await anomalyOf(db, id)
  const { pipeline, recordTimeMs, reasons } = anomaly
  if (!reasons?.[0]) return []
  const { items } = await listAnomalies(db, {
    pipeline,
    field: reasons[0].field,
    to: new Date(recordTimeMs + 1),
    sort: 'time',
    limit: CANDIDATES + 1,
  })
  return items
    .filter((candidate) => anomalyId(pipeline, candidate) !== anomalyId(pipeline, anomaly))
    .map((candidate) => ({ ...summaryOf(candidate), similarity: similarity(reasons, candidate.fields) }))
    .toSorted((a, b) => b.similarity - a.similarity)
    .slice(0, limit)
}

/** The latest anomalies of the same main field, of which the most similar are returned. */
const CANDIDATES = 500

/** @throws {RequestRefused} 404 when it is not stored */
async function anomalyOf(db: Client, id: string): Promise<StoredAnomaly> {
  const { pipeline, position } = requireAnomalyId(id)
  return found(await anomalyAt(db, pipeline, position), `anomaly ${id}`)
}

/** @throws {RequestRefused} 404 when it is not of the form pipeline/topic/partition/offset */
function requireAnomalyId(id: string): { readonly pipeline: string; readonly position: Position } {
  const anomaly = parseAnomalyId(id)
  if (anomaly !== null) return anomaly
  throw new RequestRefused(404, `an anomaly is named pipeline/topic/partition/offset, got ${id.slice(0, 200)}`)
}
