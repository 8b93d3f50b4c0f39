import { readdirSync, readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EVENT_SCHEMAS, type EventType, eventJsonSchema } from './event-schemas.js'

const folder = new URL('../../schemas/', import.meta.url)
const read = (path: string): unknown => JSON.parse(readFileSync(new URL(path, folder), 'utf8'))

/** A validator of the published file, as consumers in any language use it. */
function publishedValidator(type: string): (event: unknown) => boolean {
  const ajv = new Ajv2020({ allowUnionTypes: true })
  addFormats.default(ajv)
  return ajv.compile(read(`${type}.json`) as object) as (event: unknown) => boolean
}

describe.each(Object.keys(EVENT_SCHEMAS) as EventType[])('%s', (type) => {
  const examples = readdirSync(new URL('examples/', folder)).filter((name) => name.startsWith(`${type}.`))
  const isValid = publishedValidator(type)

  it('equals the published file (to update it, see the versioning rules, then run `outflow schema --event`)', () => {
    expect(read(`${type}.json`)).toEqual(eventJsonSchema(type))
  })

  it('has at least one example, and all examples are valid', () => {
    expect(examples.length).toBeGreaterThan(0)
    for (const name of examples) expect([name, isValid(read(`examples/${name}`))]).toEqual([name, true])
  })

  it('allows fields that a later version adds', () => {
    const event = read(`examples/${examples[0]}`) as { readonly data: object }
    expect(isValid({ ...event, traceparent: '00-ab', data: { ...event.data, added: 1 } })).toBe(true)
  })

  it('accepts the same events as the zod schema, for randomly broken examples', () => {
    const broken = fc.oneof(fc.constant(undefined), fc.constantFrom(null, 7, -0.5, 'x', true, [], {}))
    fc.assert(
      fc.property(fc.constantFrom(...examples), fc.nat(), broken, (name, place, value) => {
        const event = read(`examples/${name}`)
        const paths = pathsOf(event)
        const changed = withChange(event, paths[place % paths.length]!, value)
        expect([changed, isValid(changed)]).toEqual([changed, EVENT_SCHEMAS[type].safeParse(changed).success])
      }),
      { numRuns: 500 },
    )
  })
})

/** The paths of all values inside a JSON value, without the value itself. */
function pathsOf(value: unknown): readonly (readonly string[])[] {
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) => [[key], ...pathsOf(inner).map((path) => [key, ...path])])
}

/** @param to  undefined removes the value */
function withChange(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  const inner = rest.length === 0 ? to : withChange((value as Record<string, unknown>)[key!], rest, to)
  if (Array.isArray(value))
    return value.flatMap((item, index) => (String(index) === key ? (inner === undefined ? [] : [inner]) : [item]))
  const { [key!]: _before, ...others } = value as Record<string, unknown>
  return inner === undefined ? others : { ...others, [key!]: inner }
}
