import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Config } from '@outflow/contracts'
import type { Client, Pool } from '@outflow/store'
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'

/** The server, with schema-typed routes. */
export type ConsoleServer = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>

/** Dependencies of the routes. */
export interface RouteContext {
  readonly config: Config
  /** Pool for writes. */
  readonly pool: Pool
  /** Runs read-only queries. */
  readonly read: <T>(query: (db: Client) => Promise<T>) => Promise<T>
}
