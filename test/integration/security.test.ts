import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { isRetryable } from '@outflow/errors'
import { loadConfig } from '@outflow/runtime'
import { migrate, openPool, type Pool, withTransaction } from '@outflow/store'
import { describeCluster, ensureTopics, makeKafka, makeProducer } from '@outflow/streams'
import { describe, expect, it } from 'vitest'
import { expectEverythingOnce } from '../support/audit.js'
import { eventually } from '../support/eventually.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { runOutflow } from '../support/run-outflow.js'
import { SECRETS, type Secured, useSecured } from '../support/secured.js'
import { startService } from '../support/service-process.js'
import { startTokenEndpoint } from '../support/token-endpoint.js'
import { sendMessages } from '../support/topic-writer.js'
import { kafkaPermissions } from './kafka-permissions.js'

const secured = useSecured('TLS, logins and permissions')

let files = 0

/** Writes outflow.yaml into the folder of the certificates, so that file names suffice. */
async function aConfig(parts: { readonly kafka?: object; readonly postgres?: object }): Promise<string> {
  files += 1
  const path = join(secured.folder, `outflow-${files}.yaml`)
  const document = {
    pipeline: 'secured',
    kafka: { brokers: secured.infrastructure.kafka.brokers, ...parts.kafka },
    postgres: { url: secured.infrastructure.postgres.url, ...parts.postgres },
    source: { topics: ['flights'] },
    features: [{ path: '$.delay', type: 'numeric' }],
    alerts: { topic: 'alerts' },
    deadLetters: { topic: 'dead' },
  }
  await writeFile(path, JSON.stringify(document))
  return path
}

async function reachKafka(listener: keyof Secured['listeners'], security: object): Promise<number> {
  const config = await loadConfig(await aConfig({ kafka: { brokers: secured.listeners[listener], ...security } }), {
    PASSWORD: SECRETS.plain,
  })
  return (await describeCluster(makeKafka(config.kafka))).brokers
}

async function reachPostgres(postgres: object): Promise<string> {
  const config = await loadConfig(await aConfig({ postgres }), { PASSWORD: SECRETS.database })
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
      await aConfig({ kafka: { brokers: secured.listeners.LOGIN, tls: trusted, sasl: oauth('client.secret') } }),
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
    [
      'a port without TLS',
      'PLAINTEXT',
      () => ({ tls: trusted }),
      'OUTFLOW_BROKER_TLS_FAILED',
      /the port does not use TLS/,
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
    const kafka = makeKafka({ brokers: secured.infrastructure.kafka.brokers, clientId: 'test' })
    await ensureTopics(kafka, [{ topic, partitions: 1 }])
    const messages = Array.from({ length: 100 }, (_, at) => {
      return { topic, key: null, value: JSON.stringify({ grams: (at * 37) % 101, to: `hub ${at % 3}` }) }
    })
    await sendMessages(kafka, messages)
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

    const env = { KAFKA_PASSWORD: SECRETS.plain }
    const { stdout } = await runOutflow(['doctor', '--config', output, '--json'], { env })
    const { findings } = JSON.parse(stdout) as { findings: { name: string; ok: boolean }[] }
    expect(findings.find(({ name }) => name === 'records')).toMatchObject({
      ok: true,
      detail: '100 read, 0 would be dead letters',
    })
  })
})

describe.concurrent('a login by token', () => {
  it('requests a new token before that of an open connection expires', async ({ onTestFinished }) => {
    const tokens = await startTokenEndpoint({ clientId: 'outflow-client', clientSecret: SECRETS.client, lifeS: 12 })
    onTestFinished(() => tokens.close())
    const sasl = { ...oauth('client.secret'), tokenEndpoint: tokens.url }
    const config = await loadConfig(await aConfig({ kafka: { brokers: secured.listeners.LOGIN, tls: trusted, sasl } }))
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

describe.concurrent('a closed connection may be due to the lack of', () => {
  it.each<[string, keyof Secured['listeners'], object]>([
    ['kafka.tls', 'TLS', {}],
    ['kafka.sasl', 'LOGIN', { tls: trusted }],
  ])('%s, and the error has the key', async (key, listener, security) => {
    const error = await reachKafka(listener, security).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'OUTFLOW_BROKER_UNAVAILABLE', message: expect.stringContaining(key) })
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

describe('secrets', () => {
  it('are in no log, metric, process list or table of services that use them, and no record is lost', async () => {
    const { kafka, postgres } = secured.infrastructure
    await migrate(postgres.url)
    const pipeline = await aParcelPipeline({
      model: await parcelModel(),
      brokers: kafka.brokers,
      databaseUrl: postgres.url,
      ...accessOf('scram512.secret'),
    })
    const services = (['ingest', 'alerts'] as const).map((name) => startService(name, pipeline.configFile))
    const feed = pipeline.feed(31, { perSecond: 2_000 })
    await pipeline.untilStoredMore(3_000)
    await feed.stop()
    await expectEverythingOnce(pipeline)

    const doctor = await runOutflow(['doctor', '--config', pipeline.configFile, '--json'])
    const findings = JSON.parse(doctor.stdout).findings as { name: string; ok: boolean }[]
    expect(findings.filter(({ ok }) => !ok)).toEqual([])
    const reported = [doctor.stdout, doctor.stderr, await dumpOf(pipeline.pool)]
    for (const service of services) {
      const { address } = await service.logged('health and metrics served')
      for (const path of ['metrics', 'readyz']) reported.push(await (await fetch(`${address}/${path}`)).text())
      reported.push((await promisify(execFile)('ps', ['-o', 'args=', '-p', String(service.pid)])).stdout)
      reported.push(service.log.map((line) => JSON.stringify(line)).join('\n'))
    }
    expect(reported.join('\n').length).toBeGreaterThan(50_000)
    expectNoSecret(reported.join('\n'))
  })

  it('that are wrong end a service at once, and doctor reports which key to fix; neither prints them', async () => {
    const file = await aConfig(accessOf('plain.secret'))
    const runs = await Promise.all([
      runOutflow(['run', 'ingest', '--config', await aConfig(databaseAccess(SECRETS.plain))]),
      runOutflow(['run', 'alerts', '--config', file]),
      runOutflow(['run', 'trainer', '--config', file]),
      runOutflow(['doctor', '--config', file]),
    ])
    for (const [at, { code, stdout, stderr }] of runs.entries()) {
      expect(code).toBe(1)
      expect(stdout).toMatch(at === 0 ? /OUTFLOW_STORE_LOGIN_FAILED/ : /kafka\.sasl/)
      expectNoSecret(stdout + stderr)
    }
    expect(runs[3]!.stdout).toMatch(/✗ broker +Kafka refused the login: .*fix: .*kafka\.sasl/)
  })

  it('are not printed in errors of YAML or the schema', async () => {
    const broken = [
      `kafka: { sasl: { password: "${SECRETS.plain}\n`,
      `kafka: { sasl: { password: *${SECRETS.plain} } }\n`,
      `kafka: { brokers: a, password: ${SECRETS.plain}, sasl: ${SECRETS.plain}, tls: ${SECRETS.plain} }\n`,
      `postgres: postgres://u:${SECRETS.plain}@db/x\n`,
      `postgres: { url: "postgres://u:${SECRETS.plain}#/@db/x" }\n`,
    ]
    for (const text of broken) {
      const path = join(secured.folder, 'broken.yaml')
      await writeFile(path, text)
      const error = await loadConfig(path).catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(Error)
      expectNoSecret(error)
    }
  })
})

/** Kafka with SCRAM-SHA-512 and Postgres with a password, both over TLS, as the services connect. */
function accessOf(passwordFile: string) {
  const inFolder = (name: string) => join(secured.folder, name)
  const tls = { caFile: inFolder('ca.pem') }
  const sasl = { mechanism: 'scram-sha-512', username: 'clerk512', passwordFile: inFolder(passwordFile) }
  return { kafka: { brokers: secured.listeners.LOGIN, tls, sasl }, ...databaseAccess(SECRETS.database) }
}

function databaseAccess(password: string) {
  const url = new URL(secured.databaseUrl)
  url.password = password
  return { postgres: { url: url.href, tls: { caFile: join(secured.folder, 'ca.pem') } } }
}

/** Every row of every table of outflow, as text; bytes are in hex. */
async function dumpOf(pool: Pool): Promise<string> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_schema in ('outflow', 'analyst')`,
  )
  expect(tables.length).toBeGreaterThan(10)
  const dumps = tables.map(async ({ name }) => {
    const { rows } = await pool.query<{ row: string }>(`select t::text as row from ${name} t`)
    return rows.map(({ row }) => row).join('\n')
  })
  return (await Promise.all(dumps)).join('\n')
}

/** Searches for each secret as it is, in hex and in base64, in an error with its causes or in a text. */
function expectNoSecret(reported: unknown): void {
  let text = typeof reported === 'string' ? reported : ''
  for (let error = reported; error instanceof Error; error = error.cause) {
    text += `${error.stack} ${JSON.stringify(error)} ${'input' in error ? error.input : ''}`
  }
  expect(text).not.toBe('')
  for (const secret of Object.values(SECRETS)) {
    for (const form of ['utf8', 'hex', 'base64url'] as const) {
      // The end of a base64 text depends on the bytes after it.
      expect(text).not.toContain(
        Buffer.from(secret)
          .toString(form)
          .slice(0, form === 'base64url' ? -2 : undefined),
      )
    }
  }
}
