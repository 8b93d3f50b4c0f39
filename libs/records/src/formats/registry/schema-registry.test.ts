import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { RegistryRefused, RegistryUnavailable } from '../errors.js'
import { makeRegistry } from './schema-registry.js'

afterEach(() => {
  vi.unstubAllGlobals()
})

/** A registry's responses by path; other paths get a 404. The shapes are those of Apicurio and Confluent. */
function answering(answers: Record<string, { status?: number; body: unknown } | Error>) {
  const asked = vi.fn(async (url: string, _: RequestInit) => {
    const answer = answers[url.replace('http://registry:8081', '')] ?? { status: 404, body: UNKNOWN }
    if (answer instanceof Error) throw answer
    const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body)
    return new Response(body, { status: answer.status ?? 200 })
  })
  vi.stubGlobal('fetch', asked)
  return asked
}

const UNKNOWN = { error_code: 40403, message: "No content with id/hash 'contentId-17' was found." }
const registry = makeRegistry({ url: 'http://registry:8081/' })

test('a schema without a type is Avro, and an unknown schema is null', async () => {
  answering({ '/schemas/ids/1': { body: { schema: '"int"', references: [] } } })
  expect(await registry.schema(1)).toEqual({ schemaType: 'AVRO', schema: '"int"', imports: [] })
  expect(await registry.schema(17)).toBeNull()
})

test('each import of a schema is returned once, before the schemas that import it', async () => {
  const c = { name: 'c.proto', subject: 'a/c', version: 3 }
  const b = { name: 'b.proto', subject: 'b', version: 1 }
  const asked = answering({
    '/schemas/ids/1': { body: { schemaType: 'PROTOBUF', schema: 'A', references: [b, c] } },
    '/subjects/b/versions/1': { body: { subject: 'b', version: 1, id: 2, schema: 'B', references: [c] } },
    '/subjects/a%2Fc/versions/3': { body: { subject: 'a/c', version: 3, id: 3, schema: 'C' } },
  })
  expect(await registry.schema(1)).toEqual({
    schemaType: 'PROTOBUF',
    schema: 'A',
    imports: [
      { name: 'c.proto', schema: 'C' },
      { name: 'b.proto', schema: 'B' },
    ],
  })
  expect(asked).toHaveBeenCalledTimes(3)
})

test('user and password are sent as basic authentication, and appear in no error', async () => {
  const asked = answering({ '/schemas/ids/1': { status: 401, body: { error_code: 401, message: 'Unauthorized' } } })
  const locked = makeRegistry({ url: 'http://registry:8081', username: 'reader', password: 'pä:ss' })
  const error = await locked.schema(1).catch((thrown: unknown) => thrown)
  expect(asked.mock.calls[0]![1].headers).toMatchObject({
    authorization: `Basic ${Buffer.from('reader:pä:ss').toString('base64')}`,
  })
  expect(error).toBeInstanceOf(RegistryRefused)
  expect(JSON.stringify([String(error), error])).not.toContain('pä:ss')
})

test.each([
  [
    'does not answer',
    new TypeError('fetch failed', { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) }),
    /ECONNREFUSED/,
  ],
  ['is late', new DOMException('', 'TimeoutError'), /no answer within 5000 ms/],
  ['answers 503', { status: 503, body: 'starting' }, /answered 503/],
  ['answers 429', { status: 429, body: {} }, /answered 429/],
])('a registry that %s may answer later', async (_, answer, message) => {
  answering({ '/schemas/ids/1': answer })
  const error = await registry.schema(1).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(RegistryUnavailable)
  expect(error).toMatchObject({ retryable: true, message: expect.stringMatching(message) })
})

test('a request without an answer ends after its limit, also if the garbage collector runs meanwhile', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const { timeout } = AbortSignal
  // Not by vi.spyOn, which would keep the signal.
  AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms === 5_000 ? 20 : ms)
  onTestFinished(() => {
    AbortSignal.timeout = timeout
  })
  const neverAnswered = ({ signal }: RequestInit) =>
    new Promise((_, reject) => {
      signal!.addEventListener('abort', () => reject(signal!.reason))
      setImmediate(collectGarbage)
    })
  vi.stubGlobal('fetch', (_: string, init: RequestInit) => neverAnswered(init))
  await expect(registry.schema(1)).rejects.toThrow('no answer within 5000 ms')
})

test.each([
  ['403', { status: 403, body: {} }, /username and password/],
  ['a 404 that no registry gives', { status: 404, body: '<html>' }, /is source.registry.url the address/],
  ['a page', { body: '<html>' }, /is source.registry.url the address/],
  ['an answer with other references', { body: { schema: 'A', references: 5 } }, /is source.registry.url the address/],
])('%s is a refusal, and no schema is taken for unknown', async (_, answer, message) => {
  answering({ '/schemas/ids/1': answer })
  await expect(registry.schema(1)).rejects.toThrow(RegistryRefused)
  await expect(registry.schema(1)).rejects.toMatchObject({ fix: expect.stringMatching(message) })
})

test('a schema with an import that the registry does not have is RegistryUnavailable', async () => {
  answering({ '/schemas/ids/1': { body: { schema: 'A', references: [{ name: 'b', subject: 'gone', version: 1 }] } } })
  await expect(registry.schema(1)).rejects.toThrow(RegistryUnavailable)
})

test('issue 17.25: schemas that import each other are fetched once each', async () => {
  const [a, b] = ['a', 'b'].map((name) => ({ name, subject: name, version: 1 }))
  const asked = answering({
    '/schemas/ids/1': { body: { schema: 'X', references: [a] } },
    '/subjects/a/versions/1': { body: { schema: 'A', references: [b] } },
    '/subjects/b/versions/1': { body: { schema: 'B', references: [a] } },
  })
  expect(await registry.schema(1)).toMatchObject({ imports: [{ name: 'b' }, { name: 'a' }] })
  expect(asked).toHaveBeenCalledTimes(3)
})

test('issue 17.25: a schema with endless imports is not fetched completely', async () => {
  const asked = vi.fn(async (url: string) => {
    const version = Number(url.split('/').at(-1)) + 1
    return Response.json({ schema: 'A', references: [{ name: `${version}`, subject: 'a', version }] })
  })
  vi.stubGlobal('fetch', asked)
  expect(await registry.schema(1)).toEqual({ oversized: 'imports more than 1000 schemas' })
  expect(asked).toHaveBeenCalledTimes(1_001)
})

test('issue 17.25: an endless response is not read completely', async () => {
  let chunks = 0
  const pull = (controller: ReadableStreamDefaultController) =>
    controller.enqueue(Buffer.alloc(2 ** 20, chunks++ && 0x20))
  vi.stubGlobal('fetch', async () => new Response(new ReadableStream({ pull })))
  expect(await registry.schema(1)).toEqual({ oversized: expect.stringMatching(/^has more than 16777216 bytes/) })
  expect(chunks).toBeLessThan(20)
})
