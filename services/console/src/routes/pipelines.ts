import { describeProvisional } from '@outflow/contracts/wording'
import { entityHistory } from '@outflow/store/anomalies'
import { rejectionsSince } from '@outflow/store/dead-letters'
import { listHealthEvents } from '@outflow/store/health-events'
import { listDriftAlarms } from '@outflow/store/models'
import { listPipelines, marksBetween, pipelineStatus, recentRate } from '@outflow/store/pipelines'
import { scoreSeries } from '@outflow/store/statistics'
import { trainerStatus, whyNoModelAndFix } from '@outflow/store/training'
import { entitySchema, healthSchema, pipelinesSchema, scoresSchema, textSchema, timeSchema } from '../api/index.js'
import { RequestRefused } from '../errors.js'
import { makeLagReader } from '../lag.js'
import { readThreshold } from '../threshold.js'
import type { ConsoleServer, RouteContext } from './route-context.js'
import { ofPipelineSchema, reads } from './route-options.js'

const DAY_MS = 86_400_000
const LONGEST_DAYS = 31
/** Seconds: a day is 288 points, a month 248. */
const STEPS = [60, 300, 900, 3_600, 10_800] as const
const POINTS = 300
const DRIFT_ALARMS = 20
const HEALTH_EVENTS = 50

export function addPipelineRoutes(server: ConsoleServer, { config, pool, read }: RouteContext): void {
  const lagOfOwn = makeLagReader(config, pool)

  server.get('/api/pipelines', reads('The pipelines of the database', pipelinesSchema, {}), async () =>
    (await read(listPipelines)).map((listed) => ({ ...listed, isOwn: listed.pipeline === config.pipeline })),
  )

  server.get(
    '/api/entities',
    reads('Counts of the anomalies of an entity', entitySchema, {
      querystring: ofPipelineSchema.extend({ key: textSchema }),
    }),
    async ({ query: { key }, pipeline }) => read((db) => entityHistory(db, { pipeline, key })),
  )

  server.get(
    '/api/statistics/scores',
    reads('Percentiles of the scores over time, and the threshold', scoresSchema, {
      querystring: ofPipelineSchema.extend({
        /** Default: a day before `to`. */
        from: timeSchema.optional(),
        /** Default: now. */
        to: timeSchema.optional(),
      }),
    }),
    async ({ query: { to = new Date(), from = new Date(to.getTime() - DAY_MS) }, pipeline }) => {
      const seconds = (to.getTime() - from.getTime()) / 1_000
      if (!(seconds > 0 && seconds <= (LONGEST_DAYS * DAY_MS) / 1_000)) {
        throw new RequestRefused(400, `from, to: allowed: a span of at most ${LONGEST_DAYS} days, from before to`)
      }
      const step = STEPS.find((candidate) => seconds / candidate <= POINTS) ?? STEPS.at(-1)!
      const { spans, marks } = await read(async (db) => ({
        spans: await scoreSeries(db, { pipeline, from, to, stepSeconds: step }),
        marks: await marksBetween(db, { pipeline, from, to }),
      }))
      return {
        from,
        to,
        marks,
        threshold: await readThreshold(config, pool, pipeline),
        step,
        points: spans.map(({ percentiles: [p50, p90, p99, p999], ...point }) => ({ ...point, p50, p90, p99, p999 })),
      }
    },
  )

  server.get('/api/health', reads('Health of a pipeline', healthSchema), async ({ pipeline }) => {
    const isOwn = pipeline === config.pipeline
    const lag = isOwn ? await lagOfOwn() : null
    return read(async (db) => {
      const { at, modelId, modelTrainedAt, modelMetadata, waiting } = await pipelineStatus(db, pipeline)
      const since = new Date(at.getTime() - DAY_MS)
      const provisional = isOwn && modelMetadata && describeProvisional(modelMetadata, config)
      return {
        lag: lag?.map((part) => ({ ...part, lag: Number(part.lag) })) ?? null,
        recordsPerSecond: await recentRate(db, pipeline),
        deadLetters: [...(await rejectionsSince(db, { pipeline, since }))],
        drift: [...(await listDriftAlarms(db, { pipeline, limit: DRIFT_ALARMS }))],
        events: [...(await listHealthEvents(db, { pipeline, limit: HEALTH_EVENTS }))],
        provisional: provisional ? `${provisional.what}; ${provisional.next}` : null,
        whyNoModel: modelId === null ? whyNoModelAndFix(await trainerStatus(db, pipeline)) : null,
        activeModelAgeSeconds: modelTrainedAt && Math.round((at.getTime() - modelTrainedAt.getTime()) / 1_000),
        outboxWaiting: waiting,
      }
    })
  })
}
