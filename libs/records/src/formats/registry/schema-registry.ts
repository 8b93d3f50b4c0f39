import { attempt, type Config } from '@outflow/contracts'
import { withCaFix } from '@outflow/errors'
import { z } from 'zod'
import { RegistryRefused, RegistryUnavailable } from '../errors.js'

export interface RegisteredSchema {
  /** AVRO if the registry omits it. */
  readonly schemaType: string
  /** JSON of an Avro schema, text of a .proto file. */
  readonly schema: string
  /** Its imports, direct and indirect, each before the schemas that import it. */
  readonly imports: readonly ImportedSchema[]
}

interface ImportedSchema {
  /** The name in the importing schema: a full Avro name, or the path of a .proto file. */
  readonly name: string
  readonly schema: string
}

/** A schema that is too large to be used: a message that refers to it must not exhaust memory or time. */
export interface OversizedSchema {
  readonly oversized: string
}

export interface SchemaRegistry {
  /**
   * @returns null if the registry has no such schema
   * @throws {RegistryUnavailable | RegistryRefused}
   */
  schema(id: number): Promise<RegisteredSchema | OversizedSchema | null>
}

const schemaAnswer = z.object({
  schema: z.string(),
  schemaType: z.string().default('AVRO'),
  references: z.array(z.object({ name: z.string(), subject: z.string(), version: z.int() })).default([]),
})

type SchemaAnswer = z.output<typeof schemaAnswer>

/** Half of the longest delay between a partition's retries of a batch. */
const ANSWER_MS = 5_000
/** Limit for a schema with all its imports, which take one request each. */
const SCHEMA_MS = 30_000
/** Limit of the text of a schema with all its imports; the largest in use have some 100 kB. */
const MAX_SCHEMA_BYTES = 16 * 1024 ** 2
const MAX_IMPORTS = 1_000

class SchemaOversized extends Error {}

/** Remaining limits of one schema and its imports. */
interface Allowance {
  bytes: number
  imports: number
  /** By `performance.now`. */
  readonly endsAtMs: number
}

/**
 * A client of the part of Confluent's Schema Registry API that a reader needs: a schema by its id, and its imports.
 *
 * @see https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
export function makeRegistry({ url, username, password }: NonNullable<Config['source']['registry']>): SchemaRegistry {
  const base = url.replace(/\/+$/, '')
  const headers = {
    accept: 'application/vnd.schemaregistry.v1+json, application/json',
    ...(username === undefined ? {} : { authorization: basic(username, password ?? '') }),
  }

  async function ask(path: string, allowance: Allowance): Promise<SchemaAnswer | null> {
    let status: number
    let body: unknown
    try {
      const leftMs = Math.max(0, Math.floor(allowance.endsAtMs - performance.now()))
      // Not by AbortSignal.any: in Node.js 20 it does not keep a timeout signal from the garbage collector.
      const signal = AbortSignal.timeout(Math.min(ANSWER_MS, leftMs))
      const answer = await fetch(base + path, { headers, signal })
      status = answer.status
      const text = await readBody(answer, allowance)
      body = attempt(() => JSON.parse(text))
    } catch (cause: unknown) {
      if (cause instanceof SchemaOversized) throw cause
      throw new RegistryUnavailable(`the schema registry ${base} does not answer: ${whyOf(cause)}`, {
        cause,
        values: { url: base },
      })
    }
    const { data } = schemaAnswer.safeParse(body)
    if (status === 200 && data !== undefined) return data
    if (status === 404 && isUnknown(body)) return null
    const values = { url: base, path, status }
    if (status >= 500 || status === 429 || status === 408) {
      throw new RegistryUnavailable(`the schema registry ${base} answered ${status} for ${path}`, { values })
    }
    throw new RegistryRefused(`the schema registry ${base} answered ${status} for ${path}`, {
      values,
      fix: fixOf(status),
    })
  }

  /** Depth first, so that an imported schema precedes those that import it. `seen` also ends a cycle. */
  async function collect(
    references: SchemaAnswer['references'],
    found: ImportedSchema[],
    seen: Set<string>,
    allowance: Allowance,
  ): Promise<void> {
    for (const { name, subject, version } of references) {
      if (seen.has(name)) continue
      seen.add(name)
      if (allowance.imports-- === 0) throw new SchemaOversized(`imports more than ${MAX_IMPORTS} schemas`)
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`
      const answer = await ask(path, allowance)
      if (answer === null) {
        throw new RegistryUnavailable(`the schema registry ${base} lacks a schema that another imports: ${path}`, {
          values: { url: base, name, subject, version },
        })
      }
      await collect(answer.references, found, seen, allowance)
      found.push({ name, schema: answer.schema })
    }
  }

  return {
    schema: async (id) => {
      const allowance = { bytes: MAX_SCHEMA_BYTES, imports: MAX_IMPORTS, endsAtMs: performance.now() + SCHEMA_MS }
      try {
        const answer = await ask(`/schemas/ids/${id}`, allowance)
        if (answer === null) return null
        const imports: ImportedSchema[] = []
        await collect(answer.references, imports, new Set(), allowance)
        return { schemaType: answer.schemaType, schema: answer.schema, imports }
      } catch (error: unknown) {
        if (error instanceof SchemaOversized) return { oversized: error.message }
        throw error
      }
    },
  }
}

async function readBody(answer: Response, allowance: Allowance): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.body ?? []) {
    allowance.bytes -= chunk.length
    if (allowance.bytes < 0) throw new SchemaOversized(`has more than ${MAX_SCHEMA_BYTES} bytes, its imports included`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

const basic = (username: string, password: string) =>
  `Basic ${Buffer.from(`${username}:${password}`, 'utf8').toString('base64')}`

/** 40401 to 40403: no such subject, version or schema. Any other 404 comes from a server that is not a schema registry. */
const isUnknown = (body: unknown): boolean =>
  typeof body === 'object' && body !== null && 'error_code' in body && /^4040[123]$/.test(String(body.error_code))

function whyOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  if (cause.name === 'TimeoutError') return `no answer within ${ANSWER_MS} ms`
  const { cause: inner } = cause
  return inner instanceof Error ? withCaFix((inner as NodeJS.ErrnoException).code ?? inner.message) : cause.message
}

function fixOf(status: number): string {
  if (status === 401 || status === 403) return 'check username and password under source.registry'
  return 'is source.registry.url the address of its API?'
}
