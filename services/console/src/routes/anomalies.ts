import { listAnomalies } from '@outflow/store'
import { summaryOf } from '../anomaly-summary.js'
import { anomaliesPageSchema, anomaliesQuerySchema } from '../api/index.js'
import { readCursor, writeCursor } from '../cursors.js'
import type { ConsoleServer, RouteContext } from './route-context.js'

export function addAnomalyRoutes(server: ConsoleServer, { config, read }: RouteContext): void {
  server.get(
    '/api/anomalies',
    {
      schema: {
        summary: 'A page of anomalies',
        querystring: anomaliesQuerySchema,
        response: { 200: anomaliesPageSchema },
      },
    },
    async ({ query: { from, to, minBits, sort, cursor, pipeline = config.pipeline, ...filter } }) => {
      const page = await read((db) =>
        listAnomalies(db, {
          ...filter,
          pipeline,
          from: from === undefined ? undefined : new Date(from),
          to: to === undefined ? undefined : new Date(to),
          maxPValue: minBits === undefined ? undefined : 2 ** -minBits,
          sort: sort === 'bits' ? 'surprise' : 'time',
          after: cursor === undefined ? null : readCursor(cursor),
        }),
      )
      return { items: page.items.map(summaryOf), next: page.next === null ? null : writeCursor(page.next) }
    },
  )
}
