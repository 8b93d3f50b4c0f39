import { isTooDeep, TOO_DEEP } from '../check-depth.js'
import type { BodyDecoder, JsonObject } from '../record-decoder.js'
import { shortened, undecodable } from '../undecodable.js'
import { FRAME_BYTES, schemaIdOf } from './confluent-frame.js'
import type { OversizedSchema, RegisteredSchema, SchemaRegistry } from './schema-registry.js'

/** A schema compiled to the function that decodes payloads written with it; it throws if the bytes do not match. */
export type CompiledSchema = (payload: Buffer) => JsonObject

/** The compiled form of a fetched schema, or the reason why it cannot be used. */
type CachedSchema = { readonly decode: CompiledSchema } | { readonly unusable: string }

/** How long an unknown id is not requested again, so that garbage does not flood the registry with requests. */
const UNKNOWN_MS = 30_000
/** The most unknown ids in the cache: in garbage, nearly every message has a different id. */
const MOST_UNKNOWN = 10_000
const PARALLEL_REQUESTS = 4

/**
 * Decodes values in Confluent's wire format by the schemas that they refer to.
 *
 * The schema of an id never changes, so fetched schemas are cached forever. Unknown ids are cached for 30 s, at most 10,000 of them.
 *
 * @param schemaType  the type that schemas must have, as the registry names it
 * @param compile     compiles a schema; rejects an invalid one
 */
export function registryDecoder(
  registry: SchemaRegistry,
  schemaType: string,
  compile: (schema: RegisteredSchema) => Promise<CompiledSchema>,
): BodyDecoder {
  const known = new Map<number, CachedSchema>()
  /** Time until which an id is not requested again, by `performance.now`; the oldest first. */
  const unknown = new Map<number, number>()
  const pending = new Map<number, Promise<void>>()

  function fetchOne(id: number): Promise<void> {
    const running = pending.get(id)
    if (running !== undefined) return running
    const request = registry
      .schema(id)
      .then(async (schema) => {
        unknown.delete(id)
        if (schema !== null) known.set(id, await compileSchema(id, schema))
        else {
          if (unknown.size === MOST_UNKNOWN) unknown.delete(unknown.keys().next().value!)
          unknown.set(id, performance.now() + UNKNOWN_MS)
        }
      })
      .finally(() => pending.delete(id))
    pending.set(id, request)
    return request
  }

  async function compileSchema(id: number, schema: RegisteredSchema | OversizedSchema): Promise<CachedSchema> {
    if ('oversized' in schema) return { unusable: `schema ${id} ${schema.oversized}` }
    if (schema.schemaType !== schemaType) {
      return { unusable: `schema ${id} is ${schema.schemaType}, where ${schemaType} was expected` }
    }
    try {
      return { decode: await compile(schema) }
    } catch (error: unknown) {
      return { unusable: `schema ${id} cannot be used: ${shortened(String(error))}` }
    }
  }

  async function fetchAll(ids: readonly number[]): Promise<void> {
    const left = ids.values()
    const fetchNext = async () => {
      for (const id of left) await fetchOne(id)
    }
    await Promise.all(Array.from({ length: PARALLEL_REQUESTS }, fetchNext))
  }

  return {
    prepare: async (messages) => {
      const wanted = new Set<number>()
      let last = -1
      for (const { value } of messages) {
        const id = value === null ? null : schemaIdOf(value)
        if (typeof id !== 'number' || id === last) continue
        last = id
        if (!known.has(id) && !((unknown.get(id) ?? 0) > performance.now())) wanted.add(id)
      }
      // Nearly always there is nothing to fetch.
      if (wanted.size > 0) await fetchAll([...wanted])
    },
    decode: (value) => {
      const id = schemaIdOf(value)
      if (typeof id !== 'number') return id
      const entry = known.get(id)
      // `prepare` has requested every id, so an id without an entry is not in the registry.
      if (entry === undefined) return undecodable(`the schema registry has no schema ${id}`)
      if ('unusable' in entry) return undecodable(entry.unusable)
      try {
        const record = entry.decode(value.subarray(FRAME_BYTES))
        return isTooDeep(record) ? undecodable(TOO_DEEP) : { record }
      } catch (error: unknown) {
        const why = error instanceof Error ? error.message : String(error)
        return undecodable(`not a record of schema ${id}: ${shortened(why)}`)
      }
    },
  }
}
