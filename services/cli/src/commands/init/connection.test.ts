import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readConnection } from './connection.js'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'outflow-connection-'))
})
afterEach(() => rm(folder, { recursive: true }))

const yaml = async (name: string, document: object) => {
  const path = join(folder, name)
  await writeFile(path, JSON.stringify(document))
  return path
}

it('uses the connection of a configuration, without its secrets, and with its files relative to the output', async () => {
  await mkdir(join(folder, 'team'))
  await writeFile(join(folder, 'team', 'pw'), 'geheim\n')
  const config = await yaml('team/other.yaml', {
    pipeline: 'other',
    kafka: {
      brokers: '${BROKERS}',
      sasl: { mechanism: 'plain', username: 'ada', passwordFile: 'pw' },
    },
    postgres: { url: 'postgres://127.0.0.1/other', passwordFile: 'pw' },
    source: {
      topics: ['other'],
      format: 'avro',
      registry: { url: 'http://registry:8081', username: 'a', password: '${PW}' },
    },
    features: [],
  })
  const environment = { BROKERS: 'one:9092,two:9092', PW: 'geheim' }
  const { connection, written, secretsToSet } = await readConnection(
    { config, output: join(folder, 'outflow.yaml') },
    environment,
  )
  expect(connection).toMatchObject({
    kafka: { brokers: ['one:9092', 'two:9092'], sasl: { passwordFile: join(folder, 'team', 'pw') } },
    source: { format: 'avro', registry: { password: 'geheim' } },
  })
  expect(written).toEqual({
    kafka: { brokers: '${BROKERS}', sasl: { mechanism: 'plain', username: 'ada', passwordFile: join('team', 'pw') } },
    postgres: { url: 'postgres://127.0.0.1/other', passwordFile: join('team', 'pw') },
    source: { format: 'avro', registry: { url: 'http://registry:8081', username: 'a', password: '${PW}' } },
  })
  expect(secretsToSet).toEqual([])
})

it('prefers the options to the file, and returns the environment variables to set for the secrets of a .properties file', async () => {
  const config = join(folder, 'client.properties')
  const login = 'sasl.mechanism=PLAIN\nsasl.username=ada\nsasl.password=geheim\n'
  await writeFile(config, `bootstrap.servers=one:9092\nsecurity.protocol=SASL_PLAINTEXT\n${login}`)
  const options = { config, output: '-', brokers: 'two:9092', registry: 'http://registry:8081' }
  const { connection, written, secretsToSet } = await readConnection(options, {})
  expect(connection.kafka).toMatchObject({ brokers: ['two:9092'], sasl: { password: 'geheim' } })
  expect(written).toMatchObject({
    kafka: { brokers: 'two:9092' },
    source: { registry: { url: 'http://registry:8081' } },
  })
  expect(JSON.stringify(written)).not.toContain('geheim')
  expect(secretsToSet).toEqual(['KAFKA_PASSWORD'])
})

it('writes the name of the environment variable with the brokers, and not its value', async () => {
  const { connection, written } = await readConnection({ output: '-' }, { KAFKA_BROKERS: 'one:9092' })
  expect(connection.kafka.brokers).toEqual(['one:9092'])
  expect(written.kafka).toEqual({ brokers: '${KAFKA_BROKERS}' })
})

it.each<[string, () => Promise<object>, RegExp]>([
  ['no broker is named', async () => ({}), /^--topic needs --brokers, .* or a --config that names them$/],
  ['there is no such file', async () => ({ config: join(folder, 'none.yaml') }), /none\.yaml: there is no such file/],
  [
    'there is no such .properties file',
    async () => ({ config: join(folder, 'none.properties') }),
    /cannot read .*none\.properties: no such file or folder/,
  ],
  [
    'a key of the connection is wrong',
    async () => ({ config: await yaml('a.yaml', { kafka: { brokers: 'one:9092', tsl: true } }) }),
    /a\.yaml is not valid:\n {2}kafka\.tsl: no such key; did you mean tls\?/,
  ],
  [
    'the registry is no URL',
    async () => ({ brokers: 'one:9092', registry: 'registry:8081' }),
    /the command line is not valid:\n {2}source\.registry\.url: .*allowed: a URL such as/,
  ],
])('rejects with the fix where %s', async (_, options, message) => {
  await expect(readConnection({ output: '-', ...(await options()) }, {})).rejects.toThrow(message)
})
