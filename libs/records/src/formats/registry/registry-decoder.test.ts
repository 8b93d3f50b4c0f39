import { expect, onTestFinished, test, vi } from 'vitest'
import { type CompiledSchema, registryDecoder } from './registry-decoder.js'
import type { SchemaRegistry } from './schema-registry.js'

function framed(id: number, text = '{}'): Buffer {
  const frame = Buffer.alloc(5)
  frame.writeInt32BE(id, 1)
  return Buffer.concat([frame, Buffer.from(text)])
}
const messages = (...values: (Buffer | null)[]) => values.map((value) => ({ value }))
const compileJson = async (): Promise<CompiledSchema> => (payload) => JSON.parse(payload.toString())

function aRegistry() {
  const known = { schemaType: 'TEXT', schema: '', imports: [] }
  const schema = vi.fn<SchemaRegistry['schema']>(async (id) => (id === 1 ? known : null))
  return { schema, decoder: registryDecoder({ schema }, 'TEXT', compileJson) }
}

test('a schema is fetched once for all records and batches that refer to it', async () => {
  const { schema, decoder } = aRegistry()
  const batch = [framed(1, '{"a":1}'), null, framed(1, '{"a":2}')]
  await Promise.all([decoder.prepare(messages(...batch)), decoder.prepare(messages(...batch))])
  await decoder.prepare(messages(...batch))
  expect(decoder.decode(batch[2]!)).toEqual({ record: { a: 2 } })
  expect(schema).toHaveBeenCalledTimes(1)
})

test('an unknown schema id is a rejection, and is requested again after 30 s', async () => {
  vi.useFakeTimers({ toFake: ['performance'] })
  onTestFinished(() => void vi.useRealTimers())
  const { schema, decoder } = aRegistry()
  await decoder.prepare(messages(framed(9)))
  expect(decoder.decode(framed(9))).toEqual({ reason: 'undecodable', detail: 'the schema registry has no schema 9' })
  await decoder.prepare(messages(framed(9)))
  expect(schema).toHaveBeenCalledTimes(1)
  vi.advanceTimersByTime(30_000)
  await decoder.prepare(messages(framed(9)))
  expect(schema).toHaveBeenCalledTimes(2)
})

test('a registry that does not answer is an error, and the next call requests the schema again', async () => {
  const { schema, decoder } = aRegistry()
  schema.mockRejectedValueOnce(new Error('unavailable'))
  await expect(decoder.prepare(messages(framed(1)))).rejects.toThrow('unavailable')
  await decoder.prepare(messages(framed(1)))
  expect(decoder.decode(framed(1))).toEqual({ record: {} })
})

test('issue 17.25: a schema of another type, too large, or one that cannot be compiled, is a rejection with that reason', async () => {
  const schemas = {
    2: { schemaType: 'JSON', schema: '', imports: [] },
    3: { schemaType: 'BAD', schema: '', imports: [] },
    4: { oversized: 'imports more than 1000 schemas' },
  }
  const broken = async () => {
    throw new Error('no such type: Far')
  }
  const decoder = registryDecoder({ schema: async (id) => schemas[id as 2] }, 'BAD', broken)
  await decoder.prepare(messages(framed(2), framed(3), framed(4)))
  expect(decoder.decode(framed(2))).toMatchObject({ detail: 'schema 2 is JSON, where BAD was expected' })
  expect(decoder.decode(framed(3))).toMatchObject({ detail: 'schema 3 cannot be used: Error: no such type: Far' })
  expect(decoder.decode(framed(4))).toMatchObject({ detail: 'schema 4 imports more than 1000 schemas' })
})

test('a payload that does not match the schema is a rejection with the reason', async () => {
  const { decoder } = aRegistry()
  await decoder.prepare(messages(framed(1)))
  expect(decoder.decode(framed(1, 'oops'))).toMatchObject({
    detail: expect.stringMatching(/^not a record of schema 1: /),
  })
})

test('a record nests at most 500 levels deep', async () => {
  const { decoder } = aRegistry()
  await decoder.prepare(messages(framed(1)))
  const nested = (levels: number) =>
    decoder.decode(framed(1, `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`))
  expect(nested(500)).toHaveProperty('record')
  expect(nested(501)).toEqual({ reason: 'undecodable', detail: 'a record nests at most 500 levels deep' })
})

test.each([
  ['another first byte', Buffer.from('{"delay":3}'), /begins with the byte 0; found 123/],
  ['fewer than five bytes', Buffer.from([0, 0]), /found 2/],
  ['a negative id', framed(-1), /not negative; found -1/],
])('a value with %s is a rejection, and asks for nothing', async (_, value, detail) => {
  const { schema, decoder } = aRegistry()
  await decoder.prepare(messages(value))
  expect(decoder.decode(value)).toMatchObject({ reason: 'undecodable', detail: expect.stringMatching(detail) })
  expect(schema).not.toHaveBeenCalled()
})

test('issue 17.25: the last 10,000 unknown ids are cached, and a record with any unknown id is rejected', async () => {
  const { schema, decoder } = aRegistry()
  const values = Array.from({ length: 10_001 }, (_, index) => framed(1_000 + index))
  await decoder.prepare(messages(...values))
  await decoder.prepare(messages(...values.slice(1)))
  await decoder.prepare(messages(values[0]!))
  expect(schema).toHaveBeenCalledTimes(10_002)
  expect(values.filter((value) => 'record' in decoder.decode(value))).toEqual([])
})
