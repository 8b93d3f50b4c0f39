import { STATUS_CODES } from 'node:http'
import { ModelDamaged, ModelForeign, ModelVersionUnknown } from '@outflow/detector'
import { type OutflowError, toOutflowError } from '@outflow/errors'
import {
  AnomalyUnknown,
  MigrationsPending,
  ModelUnknown,
  NoEarlierModel,
  StatementCancelled,
  ModelDamaged as StoredModelDamaged,
  StoreUnavailable,
  ValueRefused,
} from '@outflow/store'
import { TopicUnknown } from '@outflow/streams'
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import type { Problem } from './api/index.js'
import { RequestRefused } from './errors.js'
import type { ConsoleTelemetry } from './telemetry.js'

type Extension = Pick<Problem, 'code' | 'logins'>

/** Sends any error as a problem of RFC 9457. Errors of the server, with a status from 500 on, are logged. */
export function answerProblems(server: FastifyInstance, telemetry: ConsoleTelemetry): void {
  server.setErrorHandler((thrown: FastifyError, request, reply) => {
    const { status, detail, ...extension } = describe(thrown, request.query as Record<string, unknown>)
    const error = toOutflowError(thrown)
    if (status >= 500) telemetry.requestFailed(request.routeOptions.url ?? 'unknown', error)
    // A query that takes too long, and one about a topic that does not exist, would fail again.
    if (error.retryable && !(error instanceof StatementCancelled || error instanceof TopicUnknown))
      void reply.header('retry-after', '2')
    return sendProblem(reply, status, detail, extension)
  })
}

/** Sends a problem as JSON, or as a page where a browser opens the address itself, as during a login. */
export function sendProblem(
  reply: FastifyReply,
  status: number,
  detail: string,
  extension: Extension = {},
): FastifyReply {
  const title = STATUS_CODES[status] ?? 'Error'
  if (reply.request.headers.accept?.includes('text/html')) {
    return reply.code(status).type('text/html; charset=utf-8').send(pageOf(title, detail))
  }
  const problem: Problem = { type: 'about:blank', title, status, detail, ...extension }
  return reply.code(status).type('application/problem+json').serializer(JSON.stringify).send(problem)
}

const pageOf = (title: string, detail: string): string => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · outflow</title>
    <link rel="icon" type="image/svg+xml" href="/icon.svg" />
    <link rel="stylesheet" href="/problem.css" />
  </head>
  <body>
    <main>
      <h1>${title}</h1>
      <p>${asHtml(detail)}</p>
      <p><a href="/">To the console</a></p>
    </main>
  </body>
</html>
`

/** A detail may quote a user's name, or the request. */
const asHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

type ProblemDetails = { readonly status: number; readonly detail: string } & Extension

function describe(thrown: FastifyError, query: Readonly<Record<string, unknown>>): ProblemDetails {
  if (hasZodFastifySchemaValidationErrors(thrown)) {
    const problems = thrown.validation.map(({ instancePath, message: text = '' }) => {
      const field = instancePath.slice(1).replaceAll('/', '.')
      // zod names the result of its conversion to a number, not the text of the request.
      const message = text.replace(/NaN$/, () => JSON.stringify(query[field]) ?? 'NaN')
      return field === '' ? message : `${field}: ${message}`
    })
    return { status: 400, detail: `${thrown.validationContext}: ${problems.join('; ')}` }
  }
  const status = thrown.statusCode
  if (status !== undefined && status >= 400 && status < 500) return { status, detail: thrown.message }
  return describeOutflow(toOutflowError(thrown))
}

function describeOutflow(error: OutflowError): ProblemDetails {
  const { code, message } = error
  const as = (status: number, detail = message): ProblemDetails => ({ status, detail, code })
  if (error instanceof RequestRefused) return as(error.status)
  if (error instanceof ModelUnknown || error instanceof AnomalyUnknown) return as(404)
  if (CONFLICTS.some((kind) => error instanceof kind)) return as(409)
  if (error instanceof StatementCancelled)
    return as(503, 'the query takes Postgres too long; choose a shorter span or a text of fewer words')
  if (error instanceof StoreUnavailable)
    return as(
      503,
      'Postgres does not answer, or other requests use all connections; try again, and check /readyz if it persists',
    )
  if (error instanceof MigrationsPending) return as(503)
  if (error instanceof TopicUnknown) return as(503)
  if (error.retryable) return as(503, 'Kafka or the schema registry does not answer; try again')
  // Postgres rejects a value only when it comes from the request.
  if (error instanceof ValueRefused)
    return as(400, 'Postgres cannot take a value of the request, such as a NUL or a date that does not exist')
  // The message of any other error may contain internals, and is only logged.
  return as(500, `it failed; the log of the console has the error, under ${code}`)
}

/** The model or its predecessor cannot become the active one. */
const CONFLICTS = [NoEarlierModel, StoredModelDamaged, ModelDamaged, ModelForeign, ModelVersionUnknown]
