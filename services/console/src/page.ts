import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { sendProblem } from './problems.js'

/** Built by vite; the path is the same from src and from dist. */
const PAGE_FOLDER = fileURLToPath(new URL('../dist-page/', import.meta.url))

const YEAR_SECONDS = 365 * 86_400

/**
 * Serves the built page at `/`. Its assets have a content hash in their name and are cached permanently; the page itself is
 * requested each time. Any other path that accepts HTML also returns the page: the URL determines its view.
 */
export async function servePage(server: FastifyInstance): Promise<void> {
  const isBuilt = existsSync(`${PAGE_FOLDER}index.html`)
  if (isBuilt) {
    await server.register(fastifyStatic, {
      root: PAGE_FOLDER,
      cacheControl: false,
      setHeaders: (response, path) =>
        response.setHeader(
          'cache-control',
          path.includes('/assets/') ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache',
        ),
    })
  }
  server.setNotFoundHandler((request, reply) => {
    const acceptsPage = request.method === 'GET' && request.headers.accept?.includes('text/html')
    if (!acceptsPage || request.url.startsWith('/api/')) return sendProblem(reply, 404, `there is no ${request.url}`)
    if (isBuilt) return reply.sendFile('index.html')
    return sendProblem(reply, 404, 'the page is not built; `npm run build` builds it. The API is under /api')
  })
}
