import { sessionSchema } from '../api/index.js'
import type { ConsoleServer } from './route-context.js'

export function addSessionRoutes(server: ConsoleServer): void {
  server.get(
    '/api/session',
    { schema: { summary: 'Who asks, and what they may do', response: { 200: sessionSchema } } },
    async ({ visitor }, reply) => {
      const { name, role, authentication } = visitor
      return { name, role, authentication, csrfToken: reply.generateCsrf({ userInfo: name }) }
    },
  )
}
