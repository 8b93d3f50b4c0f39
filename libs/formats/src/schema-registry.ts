import type { Config } from '@outflow/contracts'
import { RegistryRefused, RegistryUnavailable } from './errors.js'

/** A schema as the registry gives it. */
export interface RegisteredSchema {
  /** The registry leaves the type of an Avro schema out. */
  readonly schemaType: string
  /** JSON of an Avro schema, text of a .proto file. */
  readonly schema: string
  /** What it imports, itself or by way of another, each before those that import it. */
  readonly imports: readonly ImportedSchema[]
}

export interface ImportedSchema {
  /** As the importing schema calls it: a full Avro name, or a .proto file's path. */
  readonly name: string
  readonly schema: string
}

export interface SchemaRegistry {
  /**
   * @returns null when the registry has no such schema
   * @throws {RegistryUnavailable | RegistryRefused}
   */
  schema(id: number): Promise<RegisteredSchema | null>
}

interface Reference {
  readonly name: string
  readonly subject: string
  readonly version: number
}

interface SchemaAnswer {
  readonly schema: string
  readonly schemaType?: string
  readonly references?: readonly Reference[]
}

/** Half of what a partition waits at most before its batch is tried again. */
const ANSWER_MS = 5_000

/**
 * A client of the part of Confluent's Schema Registry API that a reader needs: a schema by its id, and what it imports.
 *
 * @see https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
export function makeRegistry({ url, username, password }: NonNullable<Config['source']['registry']>): SchemaRegistry {
  const base = url.replace(/\/+$/, '')
  const headers = {
    accept: 'application/vnd.schemaregistry.v1+json, application/json',
    ...(username === undefined ? {} : { authorization: basic(username, password ?? '') }),
  }

  async function ask(path: string): Promise<SchemaAnswer | null> {
    let status: number
    let body: unknown
    try {
      const answer = await fetch(base + path, { headers, signal: AbortSignal.timeout(ANSWER_MS) })
      status = answer.status
      body = parseOrNull(await answer.text())
    } catch (cause: unknown) {
      throw new RegistryUnavailable(`the schema registry ${base} does not answer: ${whyOf(cause)}`, {
        cause,
        values: { url: base },
      })
    }
    if (status === 200 && isSchemaAnswer(body)) return body
    if (status === 404 && isUnknown(body)) return null
    const values = { url: base, path, status }
    if (status >= 500 || status === 429 || status === 408) {
      throw new RegistryUnavailable(`the schema registry ${base} answered ${status} for ${path}`, { values })
    }
    throw new RegistryRefused(`the schema registry ${base} answered ${status} for ${path}; ${mendOf(status)}`, {
      values,
    })
  }

  /** Depth first, so that what is imported stands before what imports it. */
  async function collect(references: readonly Reference[], found: Map<string, ImportedSchema>): Promise<void> {
    for (const { name, subject, version } of references) {
      if (found.has(name)) continue
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      const answer = await ask(path)
      if (answer === null) {
        throw new RegistryUnavailable(`the schema registry ${base} lacks what a schema of its own imports: ${path}`, {
          values: { url: base, name, subject, version },
        })
      }
      await collect(answer.references ?? [], found)
      found.set(name, { name, schema: answer.schema })
    }
  }

  return {
    schema: async (id) => {
      const answer = await ask(`/schemas/ids/${id}`)
      if (answer === null) return null
      const imports = new Map<string, ImportedSchema>()
      await collect(answer.references ?? [], imports)
      return { schemaType: answer.schemaType ?? 'AVRO', schema: answer.schema, imports: [...imports.values()] }
    },
  }
}

const basic = (username: string, password: string) =>
  `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

const isSchemaAnswer = (body: unknown): body is SchemaAnswer =>
  typeof body === 'object' && body !== null && 'schema' in body && typeof body.schema === 'string'

/** 40401 to 40403: no such subject, version or schema. Any other 404 comes from something that is no registry. */
const isUnknown = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'error_code' in body && /^4040[123]$/.test(String(body.error_code))

function whyOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if (cause.name === 'TimeoutError') return `nothing came in ${ANSWER_MS} ms`
  const { cause: inner } = cause
  return inner instanceof Error ? ((inner as NodeJS.ErrnoException).code ?? inner.message) : cause.message
}

function mendOf(status: number): string {
  if (status === 401 || status === 403) return 'check username and password under source.registry'
  return 'is source.registry.url the address of its API?'
}
