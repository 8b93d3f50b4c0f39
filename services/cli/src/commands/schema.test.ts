import { expect, it } from 'vitest'
import { configJsonSchema } from './schema.js'

it('describes the keys of outflow.yaml, and accepts a variable where a text must match a pattern', () => {
  const schema = configJsonSchema() as {
    required: string[]
    additionalProperties: boolean
    properties: { postgres: { properties: { url: { pattern: string } } } }
  }
  expect(schema.required).toEqual(expect.arrayContaining(['pipeline', 'kafka', 'postgres', 'source', 'features']))
  expect(schema.required).not.toContain('training')
  expect(schema.additionalProperties).toBe(false)
  const url = new RegExp(schema.properties.postgres.properties.url.pattern)
  expect(['postgres://localhost/outflow', '${DATABASE_URL}', 'mysql://x'].map((text) => url.test(text))).toEqual([
    true,
    true,
    false,
  ])
})
