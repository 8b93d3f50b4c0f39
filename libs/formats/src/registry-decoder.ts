import type { Rejection } from '@outflow/contracts'
import { FRAME_BYTES, schemaIdOf } from './confluent-frame.js'
import { oneLine } from './one-line.js'
import type { BodyDecoder, JsonObject } from './record-decoder.js'
import type { RegisteredSchema, SchemaRegistry } from './schema-registry.js'

/** A schema compiled to the function that decodes what was written by it; it throws where the bytes are no such thing. */
export type CompiledSchema = (payload: Buffer) => JsonObject

/** What is known about a schema id: how to decode what was written by it, or why that can not be. */
type Known =
  | { readonly decode: CompiledSchema; readonly expiresAtMs: number }
  | { readonly unusable: string; readonly expiresAtMs: number }

/** How long an id that the registry did not know is taken for unknown: garbage must not become a flood of questions. */
const UNKNOWN_MS = 30_000
const QUESTIONS_AT_ONCE = 4

/**
 * Decodes values in Confluent's wire format by the schemas that they name.
 *
 * A schema never changes under its id, so what was fetched once is kept; that an id is unknown is kept for 30 s.
 *
 * @param compilers  by the schema types that may be met: how one is compiled; it throws where it is no valid schema
 */
export function registryDecoder(
  registry: SchemaRegistry,
  compilers: Readonly<Record<string, (schema: RegisteredSchema) => CompiledSchema>>,
  now: () => number = Date.now,
): BodyDecoder {
  const known = new Map<number, Known>()
  const asked = new Map<number, Promise<void>>()

  function fetchOne(id: number): Promise<void> {
    const under = asked.get(id)
    if (under !== undefined) return under
    const question = registry
      .schema(id)
      .then((schema) => void known.set(id, knowledgeOf(id, schema)))
      .finally(() => asked.delete(id))
    asked.set(id, question)
    return question
  }

  function knowledgeOf(id: number, schema: RegisteredSchema | null): Known {
    if (schema === null) {
      return { unusable: `the schema registry knows no schema ${id}`, expiresAtMs: now() + UNKNOWN_MS }
    }
    const compile = compilers[schema.schemaType]
    const forever = Number.POSITIVE_INFINITY
    if (compile === undefined) {
      const wanted = Object.keys(compilers).join(' or ')
      return { unusable: `schema ${id} is ${schema.schemaType}, where ${wanted} was expected`, expiresAtMs: forever }
    }
    try {
      return { decode: compile(schema), expiresAtMs: forever }
    } catch (error: unknown) {
      return { unusable: `schema ${id} can not be used: ${oneLine(String(error))}`, expiresAtMs: forever }
    }
  }

  async function fetchAll(ids: readonly number[]): Promise<void> {
    const left = ids.values()
    const askInTurn = async () => {
      for (const id of left) await fetchOne(id)
    }
    await Promise.all(Array.from({ length: QUESTIONS_AT_ONCE }, askInTurn))
  }

  return {
    prepare: (messages) => {
      const wanted = new Set<number>()
      let last = -1
      for (const { value } of messages) {
        if (value === null || value.length < FRAME_BYTES || value[0] !== 0) continue
        const id = value.readInt32BE(1)
        if (id === last) continue
        last = id
        const entry = known.get(id)
        if (entry === undefined || entry.expiresAtMs <= now()) wanted.add(id)
      }
      return wanted.size === 0 ? null : fetchAll([...wanted])
    },
    decode: (value) => {
      const id = schemaIdOf(value)
      if (typeof id !== 'number') return id
      const entry = known.get(id)
      if (entry === undefined) throw new Error(`schema ${id} was not prepared`)
      if ('unusable' in entry) return undecodable(entry.unusable)
      try {
        return { record: entry.decode(value.subarray(FRAME_BYTES)) }
      } catch (error: unknown) {
        const why = error instanceof Error ? error.message : String(error)
        return undecodable(`not a record of schema ${id}: ${oneLine(why)}`)
      }
    },
  }
}

const undecodable = (detail: string): Rejection => ({ reason: 'undecodable', detail })
