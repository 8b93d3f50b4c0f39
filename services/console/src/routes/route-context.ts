import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '@outflow/contracts'
import type { Client, Pool } from '@outflow/store'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'

/** The server, with routes typed by their schemas. */
export type ConsoleServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>

/** What the routes are handed. */
export interface RouteContext {
  readonly config: Config
  /** For what writes. */
  readonly pool: Pool
  /** Runs queries that can change nothing. */
  readonly read: <T>(query: (db: Client) => Promise<T>) => Promise<T>
}
