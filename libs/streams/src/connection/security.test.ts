import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import kafkajs, { type SASLOptions } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { BrokerUnavailable, toBrokerError } from '../errors.js'
import { saslOptions, tlsOptions } from './security.js'

test('a new password in the file is used for the next connection (services logged in with the old one until a restart)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-sasl-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, 'old\n')
  const login = saslOptions({ mechanism: 'scram-sha-512', username: 'ada', passwordFile })
  expect(login).toMatchObject({ mechanism: 'scram-sha-512', username: 'ada', password: 'old' })
  await writeFile(passwordFile, 'new\n')
  expect(login).toMatchObject({ password: 'new' })
})

test('renewed certificates are used for the next connection (services kept the old ones until a restart, also after they had expired)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-tls-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const [caFile, certFile, keyFile] = ['ca.pem', 'client.pem', 'client.key'].map((name) => join(folder, name))
  const write = (text: string) => Promise.all([caFile!, certFile!, keyFile!].map((path) => writeFile(path, text)))
  await write('old')
  const options = tlsOptions({ caFile, certFile, keyFile })
  const [old, renewed] = [Buffer.from('old'), Buffer.from('new')]
  expect({ ...options }).toEqual({ ca: old, cert: old, key: old })
  await write('new')
  expect({ ...options }).toEqual({ ca: renewed, cert: renewed, key: renewed })
})

test('kafkajs closes the connection whose token is not available (the next login on it was refused, and ended the service)', async () => {
  const login = saslOptions({
    ...{ mechanism: 'oauthbearer', clientId: 'outflow', clientSecret: 'a secret' },
    tokenEndpoint: 'http://127.0.0.1:1/token',
  }) as Extract<SASLOptions, { mechanism: 'oauthbearer' }>
  const error = await login.oauthBearerProvider().catch((thrown: unknown) => thrown)
  // The condition of kafkajs, in cluster/brokerPool.js.
  expect(error).toMatchObject({ name: 'KafkaJSConnectionError', retriable: true })
  const retried = Object.assign(new kafkajs.KafkaJSNonRetriableError('gave up'), { cause: error })
  for (const thrown of [error, retried]) {
    expect(toBrokerError(thrown)).toBeInstanceOf(BrokerUnavailable)
    expect(toBrokerError(thrown)).toMatchObject({ fix: 'check kafka.sasl.tokenEndpoint' })
  }
})
