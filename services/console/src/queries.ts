import { pipelineExists } from '@outflow/store/pipelines'
import { RequestRefused } from './errors.js'
import type { ConsoleServer, RouteContext } from './routes/route-context.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The pipeline that the request names, in the URL rather than in the body; else that of the console's configuration. */
    pipeline: string
  }
}

/** @throws {RequestRefused} 404 when it does not exist */
export function found<T>(thing: T | null | undefined | false, what: string): T {
  if (thing === null || thing === undefined || thing === false) throw new RequestRefused(404, `there is no ${what}`)
  return thing
}

/** Sets the pipeline of each request. Rejects one that does not exist: it would get empty lists, or write rows that are never processed. */
export function readPipeline(server: ConsoleServer, { config, read }: RouteContext): void {
  server.decorateRequest('pipeline', config.pipeline)
  server.addHook('preHandler', async (request) => {
    const { routeOptions, params, query, body } = request
    if (!routeOptions.url?.startsWith('/api/')) return
    const named: Named & { filter?: Named } = { ...(body as object), ...(query as object), ...(params as object) }
    const { pipeline = named.filter?.pipeline ?? config.pipeline } = named
    if (pipeline === config.pipeline) return
    found(await read((db) => pipelineExists(db, pipeline)), `pipeline ${pipeline}`)
    request.pipeline = pipeline
  })
}

type Named = { readonly pipeline?: string }
