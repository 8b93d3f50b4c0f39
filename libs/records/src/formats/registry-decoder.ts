import type { Rejection } from '@outflow/contracts'
import { FRAME_BYTES, schemaIdOf } from './confluent-frame.js'
import { oneLine } from './one-line.js'
import type { BodyDecoder, JsonObject } from './record-decoder.js'
import type { OversizedSchema, RegisteredSchema, SchemaRegistry } from './schema-registry.js'

/** A schema compiled to the function that decodes what was written by it; it throws where the bytes are no such thing. */
export type CompiledSchema = (payload: Buffer) => JsonObject

/** How to decode what was written by a schema, or why that is not possible. */
type Known = { readonly decode: CompiledSchema } | { readonly unusable: string }

/** How long an id that the registry does not have is not asked for again: garbage must not become a flood of questions. */
const UNKNOWN_MS = 30_000
/** The most such ids that are remembered: of garbage nearly every message names an id of its own. */
const MOST_UNKNOWN = 10_000
const QUESTIONS_AT_ONCE = 4

/**
 * Decodes values in Confluent's wire format by the schemas that they name.
 *
 * A schema never changes under its id, so what was fetched once is kept; that an id is unknown is kept for 30 s, of 10,000 ids at most.
 *
 * @param compilers  by the schema types that may be met: how one is compiled; it throws where it is no valid schema
 */
export function registryDecoder(
  registry: SchemaRegistry,
  compilers: Readonly<Record<string, (schema: RegisteredSchema) => CompiledSchema>>,
  now: () => number = Date.now,
): BodyDecoder {
  const known = new Map<number, Known>()
  /** Until when an id is not asked for again, epoch ms; the oldest first. */
  const unknown = new Map<number, number>()
  const asked = new Map<number, Promise<void>>()

  function fetchOne(id: number): Promise<void> {
    const under = asked.get(id)
    if (under !== undefined) return under
    const question = registry
      .schema(id)
      .then((schema) => {
        unknown.delete(id)
        if (schema !== null) known.set(id, knowledgeOf(id, schema))
        else {
          if (unknown.size === MOST_UNKNOWN) unknown.delete(unknown.keys().next().value!)
          unknown.set(id, now() + UNKNOWN_MS)
        }
      })
      .finally(() => asked.delete(id))
    asked.set(id, question)
    return question
  }

  function knowledgeOf(id: number, schema: RegisteredSchema | OversizedSchema): Known {
    if ('oversized' in schema) return { unusable: `schema ${id} ${schema.oversized}` }
    const compile = Object.hasOwn(compilers, schema.schemaType) ? compilers[schema.schemaType] : undefined
    if (compile === undefined) {
      const wanted = Object.keys(compilers).join(' or ')
      return { unusable: `schema ${id} is ${schema.schemaType}, where ${wanted} was expected` }
    }
    try {
      return { decode: compile(schema) }
    } catch (error: unknown) {
      return { unusable: `schema ${id} cannot be used: ${oneLine(String(error))}` }
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
        const id = value === null ? null : schemaIdOf(value)
        if (typeof id !== 'number' || id === last) continue
        last = id
        if (!known.has(id) && !((unknown.get(id) ?? 0) > now())) wanted.add(id)
      }
      return wanted.size === 0 ? null : fetchAll([...wanted])
    },
    decode: (value) => {
      const id = schemaIdOf(value)
      if (typeof id !== 'number') return id
      const entry = known.get(id)
      // Of the ids that were prepared, the registry does not have those that are not known.
      if (entry === undefined) return undecodable(`the schema registry has no schema ${id}`)
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
