import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isRetryable } from '@outflow/errors'
import { loadConfig } from '@outflow/runtime'
import { openPool, withTransaction } from '@outflow/store'
import { describeCluster, ensureTopics, makeKafka, makeProducer } from '@outflow/streams'
import { describe, expect, it } from 'vitest'
import { doctorFindings } from '../support/doctor-findings.js'
import { eventually } from '../support/eventually.js'
import { runOutflow } from '../support/run-outflow.js'
import { aSecuredConfig, expectNoSecret, SECRETS, type Secured, useSecured } from '../support/secured.js'
import { startTokenEndpoint } from '../support/token-endpoint.js'
import { sendMessages } from '../support/topic-writer.js'
import { kafkaPermissions } from './kafka-permissions.js'
import { secretsStayHidden } from './secrets.js'

const secured = useSecured('TLS, logins and permissions')

async function reachKafka(listener: keyof Secured['listeners'], security: object): Promise<number> {
  const config = await loadConfig(
    await aSecuredConfig(secured, { kafka: { brokers: secured.listeners[listener], ...security } }),
    {
      PASSWORD: SECRETS.plain,
    },
  )
  return (await describeCluster(makeKafka(config.kafka))).brokers
}

async function reachPostgres(postgres: object): Promise<string> {
  const config = await loadConfig(await aSecuredConfig(secured, { postgres }), { PASSWORD: SECRETS.database })
  const pool = openPool(config.postgres.url, { max: 1 })
  try {
    const { rows } = await withTransaction(pool, (client) =>
      client.query<{ who: string }>(
        `select session_user || coalesce(' by ' || version, ' in the clear') as who
         from pg_stat_ssl where pid = pg_backend_pid()`,
      ),
    )
    return rows[0]!.who
  } finally {
    await pool.end()
  }
}

const trusted = { caFile: 'ca.pem' }

describe('Kafka accepts', () => {
  it.each<[string, keyof Secured['listeners'], object]>([
    ['TLS by a CA of our own', 'TLS', { tls: trusted }],
    ['a client certificate', 'MTLS', { tls: { ...trusted, certFile: 'client.pem', keyFile: 'client.key' } }],
    [
      'PLAIN with a password of the environment',
      'LOGIN',
      { tls: trusted, sasl: { mechanism: 'plain', username: 'clerk', password: '${PASSWORD}' } },
    ],
    [
      'SCRAM-SHA-256 with a password file',
      'LOGIN',
      { tls: trusted, sasl: { mechanism: 'scram-sha-256', username: 'clerk256', passwordFile: 'scram256.secret' } },
    ],
    [
      'SCRAM-SHA-512 with a password file',
      'LOGIN',
      { tls: trusted, sasl: { mechanism: 'scram-sha-512', username: 'clerk512', passwordFile: 'scram512.secret' } },
    ],
  ])('%s', async (_, listener, security) => {
    expect(await reachKafka(listener, security)).toBe(1)
  })

  it('tokens of OAuth client credentials, one for many connections', async () => {
    const before = secured.tokens.given
    const config = await loadConfig(
      await aSecuredConfig(secured, {
        kafka: { brokers: secured.listeners.LOGIN, tls: trusted, sasl: oauth('client.secret') },
      }),
    )
    const kafka = makeKafka(config.kafka)
    for (let times = 0; times < 3; times += 1) expect((await describeCluster(kafka)).brokers).toBe(1)
    expect(secured.tokens.given - before).toBe(1)
  })
})

const oauth = (clientSecretFile: string) => ({
  mechanism: 'oauthbearer',
  tokenEndpoint: secured.tokens.url,
  clientId: 'outflow-client',
  clientSecretFile,
})

describe.concurrent('an error that names the key and the fix, and is not tried for ever, meets', () => {
  it.each<[string, keyof Secured['listeners'], () => object, string, RegExp]>([
    ['a CA that is not named', 'TLS', () => ({ tls: true }), 'OUTFLOW_BROKER_TLS_FAILED', /kafka\.tls\.caFile/],
    [
      'a wrong CA',
      'TLS',
      () => ({ tls: { caFile: 'other-ca.pem' } }),
      'OUTFLOW_BROKER_TLS_FAILED',
      /kafka\.tls\.caFile/,
    ],
    [
      'an expired server',
      'EXPIRED',
      () => ({ tls: trusted }),
      'OUTFLOW_BROKER_TLS_FAILED',
      /expired.*renew it at the server/,
    ],
    [
      'a server of another name',
      'TLS',
      () => ({ tls: { ...trusted, serverName: 'kafka.example' } }),
      'OUTFLOW_BROKER_TLS_FAILED',
      /kafka\.example.*kafka\.tls\.serverName/,
    ],
    ['no client certificate', 'MTLS', () => ({ tls: trusted }), 'OUTFLOW_BROKER_TLS_FAILED', /kafka\.tls\.certFile/],
    [
      "a stranger's client certificate",
      'MTLS',
      () => ({ tls: { ...trusted, certFile: 'stranger.pem', keyFile: 'stranger.key' } }),
      'OUTFLOW_BROKER_TLS_FAILED',
      /kafka\.tls\.certFile/,
    ],
    [
      'an expired client certificate',
      'MTLS',
      () => ({ tls: { ...trusted, certFile: 'expired.pem', keyFile: 'expired.key' } }),
      'OUTFLOW_CONFIG_INVALID',
      /kafka\.tls\.certFile: .*expired\.pem: the certificate expired on/,
    ],
    [
      'a wrong password',
      'LOGIN',
      () => ({ tls: trusted, sasl: { mechanism: 'plain', username: 'clerk', passwordFile: 'scram256.secret' } }),
      'OUTFLOW_BROKER_LOGIN_FAILED',
      /check the user name .* under kafka\.sasl/,
    ],
    [
      'a wrong SCRAM password',
      'LOGIN',
      () => ({
        tls: trusted,
        sasl: { mechanism: 'scram-sha-512', username: 'clerk512', passwordFile: 'plain.secret' },
      }),
      'OUTFLOW_BROKER_LOGIN_FAILED',
      /kafka\.sasl/,
    ],
    [
      'a login where none is offered',
      'TLS',
      () => ({ tls: trusted, sasl: { mechanism: 'plain', username: 'clerk', passwordFile: 'plain.secret' } }),
      'OUTFLOW_BROKER_LOGIN_FAILED',
      /has no login: .*remove kafka\.sasl/,
    ],
    [
      'a mechanism that the port has not',
      'OTHER',
      () => ({ tls: trusted, sasl: { mechanism: 'scram-sha-256', username: 'u', passwordFile: 'plain.secret' } }),
      'OUTFLOW_BROKER_LOGIN_FAILED',
      /kafka\.sasl\.mechanism/,
    ],
    [
      'a wrong client secret',
      'LOGIN',
      () => ({ tls: trusted, sasl: oauth('plain.secret') }),
      'OUTFLOW_BROKER_LOGIN_FAILED',
      /401 invalid_client; check clientId/,
    ],
  ])('%s', async (_, listener, security, code, message) => {
    const error = await reachKafka(listener, security()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(isRetryable(error)).toBe(false)
    expectNoSecret(error)
  })
})

describe('outflow init', () => {
  it('reads a topic over TLS with a login, from a .properties file, and writes a configuration that doctor accepts, without the password', async () => {
    const topic = 'to-be-described'
    const { brokers } = secured.infrastructure.kafka
    await ensureTopics(makeKafka({ brokers, clientId: 'test' }), [{ topic, partitions: 1 }])
    const messages = Array.from({ length: 100 }, (_, at) => {
      return { key: null, value: JSON.stringify({ grams: (at * 37) % 101, to: `hub ${at % 3}` }) }
    })
    await sendMessages(brokers, topic, messages)
    const properties = join(secured.folder, 'client.properties')
    await writeFile(
      properties,
      [
        `bootstrap.servers=${secured.listeners.LOGIN}`,
        'security.protocol=SASL_SSL',
        'ssl.truststore.type=PEM',
        'ssl.truststore.location=ca.pem',
        'sasl.mechanism=PLAIN',
        `sasl.jaas.config=a.PlainLoginModule required username="clerk" password="${SECRETS.plain}";`,
      ].join('\n'),
    )
    const output = join(secured.folder, 'described.yaml')
    const init = await runOutflow(['init', '--topic', topic, '--config', properties, '--output', output])
    expect(init.stderr).toContain('set KAFKA_PASSWORD in the environment first')
    expect(init.code).toBe(0)
    const text = await readFile(output, 'utf8')
    expectNoSecret(text)

    expect(await doctorFindings(output, { KAFKA_PASSWORD: SECRETS.plain })).toMatchObject({
      records: { ok: true, detail: '100 read, 0 would be dead letters' },
    })
  })
})

describe.concurrent('a login by token', () => {
  it('requests a new token before that of an open connection expires', async ({ onTestFinished }) => {
    const tokens = await startTokenEndpoint({ clientId: 'outflow-client', clientSecret: SECRETS.client, lifeS: 12 })
    onTestFinished(() => tokens.close())
    const sasl = { ...oauth('client.secret'), tokenEndpoint: tokens.url }
    const config = await loadConfig(
      await aSecuredConfig(secured, { kafka: { brokers: secured.listeners.LOGIN, tls: trusted, sasl } }),
    )
    const kafka = makeKafka(config.kafka)
    await ensureTopics(kafka, [{ topic: 'logged-in', partitions: 1 }])
    const producer = await makeProducer(kafka)
    // Each send would fail with an expired token.
    const send = () => producer.send([{ topic: 'logged-in', key: null, value: 'x' }])
    await eventually(() => send().then(() => tokens.given > 1), { what: 'a second token is requested', everyMs: 250 })
    await send()
    await producer.close()
  })
})

describe.concurrent('a closed connection, as of a broker that stops, may be due to', () => {
  it.each<[string, keyof Secured['listeners'], object, RegExp]>([
    ['the lack of kafka.tls', 'TLS', {}, /kafka\.tls/],
    ['the lack of kafka.sasl', 'LOGIN', { tls: trusted }, /kafka\.sasl/],
    ['a port without TLS', 'PLAINTEXT', { tls: trusted }, /one without TLS if it is set/],
  ])('%s, and the error has the key', async (_, listener, security, message) => {
    const error = await reachKafka(listener, security).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'OUTFLOW_BROKER_UNAVAILABLE', message: expect.stringMatching(message) })
  })
})

describe('Postgres accepts', () => {
  it('TLS and a password file', async () => {
    const postgres = { url: secured.databaseUrl, passwordFile: 'database.secret', tls: trusted }
    expect(await reachPostgres(postgres)).toMatch(/^secured by TLSv1\.[23]$/)
  })

  it('a client certificate in place of a password', async () => {
    const url = secured.databaseUrl.replace('secured@', 'certified@')
    const tls = { ...trusted, certFile: 'client.pem', keyFile: 'client.key' }
    expect(await reachPostgres({ url, tls })).toMatch(/^certified by TLS/)
  })
})

describe('an error of Postgres has the fix for', () => {
  const as = (user: string, password: string) => {
    const url = new URL(secured.databaseUrl)
    url.username = user
    url.password = password
    return url.href
  }
  it.each<[string, () => object, string, RegExp]>([
    ['a wrong password', () => ({ url: as('secured', SECRETS.plain), tls: trusted }), 'LOGIN', /postgres\.url/],
    ['no password', () => ({ url: as('secured', ''), tls: trusted }), 'LOGIN', /postgres\.passwordFile/],
    ['no TLS', () => ({ url: as('secured', SECRETS.database) }), 'LOGIN', /postgres\.tls: true/],
    [
      'a wrong CA',
      () => ({ url: as('secured', 'x'), tls: { caFile: 'other-ca.pem' } }),
      'TLS',
      /postgres\.tls\.caFile/,
    ],
    ['no client certificate', () => ({ url: as('certified', ''), tls: trusted }), 'LOGIN', /postgres\.tls\.certFile/],
    [
      "a stranger's client certificate",
      () => ({ url: as('certified', ''), tls: { ...trusted, certFile: 'stranger.pem', keyFile: 'stranger.key' } }),
      'TLS',
      /postgres\.tls\.certFile/,
    ],
  ])('%s', async (_, postgres, kind, message) => {
    const error = await reachPostgres(postgres()).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: `OUTFLOW_STORE_${kind}_FAILED`, message: expect.stringMatching(message) })
    expectNoSecret(error)
  })
})

kafkaPermissions(secured)
secretsStayHidden(secured)
