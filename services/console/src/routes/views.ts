import { deleteView, savedViews, saveView } from '@outflow/store/anomalies'
import { z } from 'zod'
import { newViewSchema, viewSchema } from '../api/index.js'
import { withAudit } from '../audit.js'
import { found, ofPipelineSchema } from '../queries.js'
import type { ConsoleServer, RouteContext } from './route-context.js'

export function addViewRoutes(server: ConsoleServer, { config, pool, read }: RouteContext): void {
  server.get(
    '/api/views',
    {
      schema: {
        summary: 'The saved views of the list of anomalies, by name',
        querystring: ofPipelineSchema,
        response: { 200: z.array(viewSchema) },
      },
    },
    async ({ query: { pipeline = config.pipeline } }) => [...(await read((db) => savedViews(db, pipeline)))],
  )

  server.post(
    '/api/views',
    {
      config: { role: 'analyst' },
      schema: {
        summary: 'Saves a view for all users of the pipeline; it replaces the view of the same name',
        body: newViewSchema,
        response: { 201: viewSchema },
      },
    },
    async ({ body: { pipeline = config.pipeline, ...view }, visitor }, reply) => {
      const act = { action: 'save view', pipeline, target: view.name, detail: { search: view.search } }
      await withAudit(pool, visitor, act, () => saveView(pool, { pipeline, ...view }))
      return reply.code(201).send(view)
    },
  )

  server.delete(
    '/api/views/:name',
    {
      config: { role: 'analyst' },
      schema: {
        summary: 'Deletes a saved view',
        params: z.object({ name: viewSchema.shape.name }),
        querystring: ofPipelineSchema,
        response: { 204: z.null() },
      },
    },
    async ({ params: { name }, query: { pipeline = config.pipeline }, visitor }, reply) => {
      const act = { action: 'delete view', pipeline, target: name }
      await withAudit(pool, visitor, act, async () => {
        found(await deleteView(pool, { pipeline, name }), `view ${name} of ${pipeline}`)
      })
      return reply.code(204).send(null)
    },
  )
}
