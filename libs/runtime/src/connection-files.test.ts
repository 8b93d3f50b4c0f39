import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigInvalid, parseConfig } from '@outflow/contracts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { locateConnectionFiles } from './connection-files.js'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outflow-files-'))
  await writeFile(join(folder, 'password'), 'p@ss word/1\n')
  await writeFile(join(folder, 'empty'), '\n')
  await writeFile(join(folder, 'words'), 'no PEM at all')
})
afterAll(() => rm(folder, { recursive: true }))

const located = (parts: { kafka?: object; postgres?: object; registry?: object; webhooks?: readonly object[] }) =>
  locateConnectionFiles(
    parseConfig(
      {
        pipeline: 'flights',
        kafka: { brokers: 'localhost:9093', ...parts.kafka },
        postgres: { url: 'postgres://outflow@db/x', ...parts.postgres },
        source: { topics: ['flights'], ...(parts.registry && { format: 'avro', registry: parts.registry }) },
        features: [{ path: '$.delay', type: 'numeric' }],
        alerts: { topic: 'alerts', webhooks: parts.webhooks ?? [] },
        deadLetters: { topic: 'dead' },
      },
      {},
    ),
    folder,
  )

test('paths are relative to the folder of outflow.yaml', async () => {
  const sasl = { mechanism: 'plain', username: 'u', passwordFile: 'password' }
  const { kafka } = await located({ kafka: { tls: true, sasl } })
  expect(kafka.tls).toEqual({})
  expect(kafka.sasl).toEqual({ ...sasl, passwordFile: join(folder, 'password') })
})

test("Postgres's password and TLS are added to its URL, which every connection uses", async () => {
  const { postgres } = await located({ postgres: { passwordFile: 'password', tls: true } })
  const url = new URL(postgres.url)
  expect(url.searchParams.get('password')).toBe('p@ss word/1')
  expect(url.searchParams.get('sslmode')).toBe('verify-full')
})

test('the password is also added to the URL of a socket, which has no host (it was dropped)', async () => {
  const { postgres } = await located({
    postgres: { url: 'postgres:///x?host=/run/postgresql&user=outflow', passwordFile: 'password' },
  })
  expect(new URL(postgres.url).searchParams.get('password')).toBe('p@ss word/1')
})

test('the secret of a webhook is read from its file, and must be valid', async () => {
  await writeFile(join(folder, 'signing'), `whsec_${'A'.repeat(32)}\n`)
  const hook = { name: 'pager', url: 'https://hooks.example/' }
  const { alerts } = await located({ webhooks: [{ ...hook, secretFile: 'signing' }] })
  expect(alerts.webhooks).toMatchObject([{ name: 'pager', secret: `whsec_${'A'.repeat(32)}` }])
  expect(alerts.webhooks[0]).not.toHaveProperty('secretFile')
  await expect(located({ webhooks: [{ ...hook, secretFile: 'words' }] })).rejects.toThrow(
    /alerts\.webhooks\[0\]\.secretFile: .*words: it must contain whsec_ and 24 to 64/,
  )
})

test("the schema registry's password is read from its file", async () => {
  const registry = { url: 'https://registry:8081', username: 'u' }
  const { source } = await located({ registry: { ...registry, passwordFile: 'password' } })
  expect(source.registry).toEqual({ ...registry, password: 'p@ss word/1' })
  expect((await located({ registry })).source.registry).toEqual(registry)
})

test('a URL is unchanged when there is nothing to add', async () => {
  expect((await located({ postgres: { tls: false } })).postgres).toEqual({ url: 'postgres://outflow@db/x' })
})

test.each(['prefer', 'require', 'verify-ca'])(
  'sslmode=%s of the URL is written as what pg does with it',
  async (mode) => {
    const { postgres } = await located({ postgres: { url: `postgres://db/x?sslmode=${mode}&connect_timeout=3` } })
    expect(postgres).toEqual({ url: 'postgres://db/x?sslmode=verify-full&connect_timeout=3' })
  },
)

test.each([
  [
    'a file that the URL of Postgres names',
    { postgres: { url: 'postgres://db/x?sslmode=verify-full&sslrootcert=/absent/ca.pem' } },
    /postgres\.url: sslrootcert: \/absent\/ca\.pem: there is no such file/,
  ],
  [
    'a file that is not there',
    { kafka: { tls: { caFile: 'absent.pem' } } },
    /kafka\.tls\.caFile: .*absent\.pem: there is no such file/,
  ],
  ['an empty secret', { postgres: { passwordFile: 'empty' } }, /postgres\.passwordFile: .*empty: it is empty/],
  [
    'an empty password of the registry',
    { registry: { url: 'https://registry:8081', username: 'u', passwordFile: 'empty' } },
    /source\.registry\.passwordFile: .*empty: it is empty/,
  ],
  [
    'a file without a certificate',
    { postgres: { tls: { caFile: 'words' } } },
    /postgres\.tls\.caFile: .*no certificate in PEM/,
  ],
])('%s is reported by its key and its path', async (_, parts, message) => {
  const locating = located(parts)
  await expect(locating).rejects.toBeInstanceOf(ConfigInvalid)
  await expect(locating).rejects.toThrow(message)
})
