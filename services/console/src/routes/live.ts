import type { Readable } from 'node:stream'
import { anomaliesDetectedSince } from '@outflow/store/anomalies'
import { z } from 'zod'
import { summaryOf } from '../anomaly-summary.js'
import { anomalySummarySchema } from '../api/index.js'
import { RequestRefused } from '../errors.js'
import { makeEventStream } from '../event-stream.js'
import { makeLiveFeed } from '../live-feed.js'
import { ofPipelineSchema } from '../queries.js'
import type { ConsoleTelemetry } from '../telemetry.js'
import type { ConsoleServer, RouteContext } from './route-context.js'

/** A browser opens one per page; more than this indicates that pages are not closed. */
const MAX_STREAMS = 200
/** Then the client reconnects, and its login is checked again. */
const MAX_MS = 60 * 60_000

export function addLiveRoute(
  server: ConsoleServer,
  {
    config,
    read,
    signal,
    telemetry,
  }: RouteContext & { readonly signal: AbortSignal; readonly telemetry: ConsoleTelemetry },
): void {
  const feed = makeLiveFeed({
    readNewest: (query) => read((db) => anomaliesDetectedSince(db, query)),
    signal,
    onError: telemetry.liveFeedInterrupted,
  })
  const open = new Set<Readable>()
  server.addHook('preClose', async () => {
    for (const body of open) body.destroy()
  })

  server.get(
    '/api/anomalies/live',
    {
      schema: {
        summary: 'Anomalies as they are found, as server-sent events',
        description:
          'Each `anomaly` event is an AnomalySummary. A client that reads too slowly gets a `skipped` event with the count ' +
          'of those that were left out. Comments keep the connection alive; it ends after an hour.',
        querystring: ofPipelineSchema,
        response: { 200: { content: { 'text/event-stream': { schema: z.string() } } } },
      },
    },
    ({ query: { pipeline = config.pipeline } }, reply) => {
      if (open.size >= MAX_STREAMS)
        throw new RequestRefused(503, `${MAX_STREAMS} live lists are open already; close some`)
      const { body, send } = makeEventStream(() => {
        open.delete(body)
        telemetry.liveStreams(open.size)
        clearTimeout(end)
        unsubscribe()
      })
      open.add(body)
      telemetry.liveStreams(open.size)
      const end = setTimeout(() => body.push(null), MAX_MS)
      const unsubscribe = feed.subscribe(pipeline, (found) => {
        for (const line of found) send('anomaly', z.encode(anomalySummarySchema, summaryOf(line)))
      })
      void reply.header('x-accel-buffering', 'no').type('text/event-stream; charset=utf-8')
      void reply.send(body as never)
    },
  )
}
