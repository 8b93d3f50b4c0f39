import { formatPosition } from '@outflow/contracts'
import { deadLettersAt, listDeadLetters } from '@outflow/store/dead-letters'
import {
  deadLetterCursorSchema,
  deadLettersPageSchema,
  limitSchema,
  resendReportSchema,
  resendSchema,
} from '../api/index.js'
import { resendDeadLetters } from '../dead-letters/resend.js'
import { RequestRefused } from '../errors.js'
import { withAudit } from '../login/audit.js'
import { found } from '../queries.js'
import { readableStart } from '../readable.js'
import type { ConsoleServer, RouteContext } from './route-context.js'
import { ofPipelineSchema, reads, writes } from './route-options.js'

export function addDeadLetterRoutes(server: ConsoleServer, { config, pool, read }: RouteContext): void {
  server.get(
    '/api/dead-letters',
    reads('A page of dead letters, newest first', deadLettersPageSchema, {
      querystring: ofPipelineSchema.extend({
        limit: limitSchema(500, 50),
        cursor: deadLetterCursorSchema.optional(),
      }),
    }),
    async ({ query: { limit, cursor: after }, pipeline }) => {
      const letters = await read((db) => listDeadLetters(db, { pipeline, limit: limit + 1, after }))
      return {
        items: letters.slice(0, limit).map((letter) => ({
          ...letter,
          key: readableStart(letter.key),
          valueStart: readableStart(letter.valueStart),
          valueIsCut: letter.valueBytes !== (letter.valueStart?.length ?? null),
        })),
        next: letters.length > limit ? letters[limit - 1]! : null,
      }
    },
  )

  server.post(
    '/api/dead-letters/resend',
    writes(
      'operator',
      'Resends dead letters that would be accepted now to their source topic, each at most once',
      { body: resendSchema },
      { 200: resendReportSchema },
    ),
    async ({ body, user }) => {
      const { pipeline } = config
      const { positions } = body
      const letters = await read((db) => deadLettersAt(db, pipeline, positions))
      const named = positions.map(formatPosition)
      const stored = new Set(letters.map(formatPosition))
      for (const position of named) found(stored.has(position), `dead letter ${position} of ${pipeline}`)
      const act = { action: 'resend dead letters', pipeline, detail: { positions: named } }
      const signal = AbortSignal.timeout(TIMEOUT_MS)
      return withAudit(pool, user, act, () =>
        resendDeadLetters(pool, config, letters, { corrected: null, isDryRun: false, signal }).catch(
          (error: unknown) => {
            throw signal.aborted ? new RequestRefused(503, TIMED_OUT) : error
          },
        ),
      )
    },
  )
}

/** Limited, because a user waits while their originals are searched on the dead-letter topic. */
const TIMEOUT_MS = 60_000
const TIMED_OUT =
  'the dead-letter topic could not be read in 60 s; select newer ones, or use `outflow dead-letters resend`'
