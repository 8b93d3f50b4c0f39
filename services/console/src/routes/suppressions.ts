import { addSuppression, listSuppressions, removeSuppression } from '@outflow/store/suppressions'
import { z } from 'zod'
import { newSuppressionSchema, suppressionSchema } from '../api/index.js'
import { RequestRefused } from '../errors.js'
import { withAudit } from '../login/audit.js'
import { found } from '../queries.js'
import type { ConsoleServer, RouteContext } from './route-context.js'
import { ofPipelineSchema, reads, writes } from './route-options.js'

export function addSuppressionRoutes(server: ConsoleServer, { pool, read }: RouteContext): void {
  server.get(
    '/api/suppressions',
    reads('The rules that hide alerts, newest first', z.array(suppressionSchema)),
    async ({ pipeline }) => {
      const rules = await read((db) => listSuppressions(db, { pipeline }))
      return rules.map(({ why: reason, range, ...rule }) => ({ ...rule, reason, range: range && [...range] }))
    },
  )

  server.post(
    '/api/suppressions',
    writes(
      'operator',
      'Adds a rule that hides alerts until it expires',
      { body: newSuppressionSchema },
      { 201: suppressionSchema.pick({ id: true }) },
    ),
    async ({ body: { pipeline: _, reason, ...rule }, pipeline, user }, reply) => {
      if (rule.expiresAt.getTime() <= Date.now()) {
        throw new RequestRefused(
          400,
          `body: expiresAt: allowed: a time in the future, got ${rule.expiresAt.toISOString()}`,
        )
      }
      const act = { action: 'add suppression', pipeline, detail: { rule, reason } }
      const id = await withAudit(pool, user, act, () =>
        addSuppression(pool, { pipeline, rule, why: reason, by: user.name }),
      )
      return reply.code(201).send({ id })
    },
  )

  server.delete(
    '/api/suppressions/:id',
    writes(
      'operator',
      'Removes a rule before it expires; alerts that it hid stay hidden',
      { params: z.object({ id: z.string().regex(/^\d{1,18}$/) }), querystring: ofPipelineSchema },
      { 204: z.null() },
    ),
    async ({ params: { id }, pipeline, user }, reply) => {
      const act = { action: 'remove suppression', pipeline, target: id }
      await withAudit(pool, user, act, async () => {
        found(await removeSuppression(pool, { pipeline, id, by: user.name }), `rule ${id} that hides alerts`)
      })
      return reply.code(204).send(null)
    },
  )
}
