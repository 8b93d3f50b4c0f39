import { describe, expect, it } from 'vitest'
import { ConfigInvalid } from '../errors.js'
import { parseConfig } from './parse-config.js'

const least = {
  pipeline: 'flights',
  kafka: { brokers: 'localhost:9092' },
  postgres: { url: 'postgres://localhost/outflow' },
  source: { topics: ['flights'] },
  features: [{ path: '$.delay', type: 'numeric' }],
  alerts: { topic: 'flights.alerts' },
  deadLetters: { topic: 'flights.dead-letters' },
}

const configOf = (part: object, environment: Record<string, string> = {}) =>
  parseConfig({ ...least, ...part }, environment)

function problemsOf(part: object | null, environment: Record<string, string> = {}): string {
  try {
    parseConfig(part && { ...least, ...part }, environment)
  } catch (error: unknown) {
    expect(error).toBeInstanceOf(ConfigInvalid)
    return (error as Error).message
  }
  throw new Error('the document was accepted')
}

describe('parseConfig', () => {
  it('sets the documented defaults', () => {
    const config = configOf({})
    expect(config.model).toEqual({ kind: 'realnvp', layers: 8, hidden: [32, 32] })
    expect(config.training).toMatchObject({ every: 3_600_000, window: 86_400_000, minRows: 2_000, maxRows: 200_000 })
    expect(config.detection).toEqual({ recalibrateWithin: 10 })
    expect(config.http.host).toBe('127.0.0.1')
  })

  it.each([
    [{ model: { hidden: '64, 64' } }, 'model.hidden: found "64, 64"; allowed: array'],
    [{ source: { topics: '' } }, 'source.topics: found "", which is empty; allowed: array'],
    [{ source: { topics: ['flights'], csv: { delimiter: [] } } }, 'source.csv.delimiter: found []; allowed: string'],
  ])('reports a value of the wrong type once, without its length: %j', (wrong, problem) => {
    expect(problemsOf(wrong)).toBe(`outflow.yaml is not valid:\n  ${problem}`)
  })

  it('reports a key without a value as null, also where a value would be a secret', () => {
    expect(problemsOf({ kafka: null })).toMatch(/kafka: found null; allowed: object/)
    const kafka = { ...least.kafka, sasl: { mechanism: 'plain', username: 'ada', password: null } }
    expect(problemsOf({ kafka })).toMatch(/kafka\.sasl\.password: found null; allowed: string/)
  })

  it('reports infinity as such (it was reported as null)', () => {
    const problem = 'detection.alertRate: found Infinity; allowed: number'
    expect(problemsOf({ detection: { alertRate: Number.POSITIVE_INFINITY } })).toContain(problem)
  })

  it('accepts the kinds of flow by name, and no other', () => {
    for (const kind of ['realnvp', 'glow', 'spline']) {
      expect(configOf({ model: { kind } }).model.kind).toBe(kind)
    }
    expect(problemsOf({ model: { kind: 'nice' } })).toMatch(/model\.kind/)
  })

  it('suggests the most similar allowed value for a misspelt one', () => {
    const features = [{ path: '$.day', type: 'cyclic', period: 'yaer' }]
    expect(problemsOf({ features })).toContain('found "yaer"; allowed: hour, day, week, year; did you mean year?')
    expect(problemsOf({ features: [{ path: '$.day', type: 'cyclc' }] })).toContain('did you mean cyclic?')
    expect(problemsOf({ model: { kind: 'nice' } })).not.toContain('did you mean')
  })

  it('reads durations in ms and sizes in bytes', () => {
    const config = configOf({
      training: { every: '15m', window: '7d' },
      source: { topics: ['flights'], maxRecordBytes: '512KiB' },
    })
    expect(config.training).toMatchObject({ every: 900_000, window: 604_800_000 })
    expect(config.source.maxRecordBytes).toBe(524_288)
  })

  it('uses the entity and the time of the source for windowed features without their own', () => {
    const window = { type: 'window', name: 'spent', aggregate: 'sum', of: '$.amount', over: '1h' }
    const features = [window, { ...window, name: 'own', by: '$.card', at: '$.booked' }]
    const source = { topics: ['flights'], key: '$.account', timestamp: '$.date' }
    expect(configOf({ source, features }).features).toEqual([
      { ...window, by: '$.account', at: '$.date' },
      { ...window, name: 'own', by: '$.card', at: '$.booked' },
    ])
    expect(configOf({ features }).features[0]).toEqual(window)
  })

  it.each([
    ['features[0].of', { aggregate: 'sum' }],
    ['features[0].of', { aggregate: 'count', of: '$.amount' }],
    ['features[0].over', { aggregate: 'count', over: '30s' }],
    ['features[0].over', { aggregate: 'count', over: '8d' }],
    ['features[0].name', { aggregate: 'count', name: 'a.b' }],
    ['features[0].aggregate', { aggregate: 'median' }],
    ['features[0].by', { aggregate: 'count', by: 'account' }],
    ['features[0].path', { aggregate: 'count', path: '$.amount' }],
  ])('names %s of a windowed feature that is wrong', (key, wrong) => {
    const window = { type: 'window', name: 'w', over: '1h', ...wrong }
    expect(problemsOf({ features: [window] })).toContain(`${key}: `)
  })

  it('accepts brokers as a list or separated by commas', () => {
    expect(configOf({ kafka: { brokers: 'a:1, b:2' } }).kafka.brokers).toEqual(['a:1', 'b:2'])
    expect(configOf({ kafka: { brokers: ['a:1', 'b:2'] } }).kafka.brokers).toEqual(['a:1', 'b:2'])
  })

  it('replaces ${NAME} by the environment variable, and names the variables that are not set', () => {
    const document = { postgres: { url: '${SCHEME}://localhost/${DATABASE}' } }
    expect(configOf(document, { SCHEME: 'postgres', DATABASE: 'x' }).postgres.url).toBe('postgres://localhost/x')
    expect(problemsOf(document, { SCHEME: 'postgres' })).toContain('not set: DATABASE')
  })

  it('ignores a line break at the end of an environment variable, and names a variable that is empty', () => {
    const sasl = { mechanism: 'plain', username: 'clerk', password: '${PASSWORD}' }
    const document = { kafka: { ...least.kafka, sasl } }
    expect(configOf(document, { PASSWORD: 'a b\n' }).kafka.sasl).toMatchObject({ password: 'a b' })
    expect(problemsOf(document, { PASSWORD: '' })).toContain(
      'kafka.sasl.password: found "${PASSWORD}", which is empty; allowed: at least 1 character',
    )
  })

  it.each([
    ['an unknown key', { detecton: {} }, 'detecton: no such key; did you mean detection?'],
    ['an unknown key further in', { training: { evry: '1h' } }, 'training.evry: no such key; did you mean every?'],
    [
      'a misspelt key of a feature',
      { features: [{ ...least.features[0], optinal: true }] },
      'features[0].optinal: no such key; did you mean optional?',
    ],
    [
      'a key that resembles no other',
      { retention: { forever: true } },
      'retention.forever: no such key; allowed: anomalies, statistics',
    ],
    ['a wrong type', { training: { minRows: 'many' } }, 'training.minRows: found "many"; allowed: number'],
    ['an impossible value', { detection: { alertRate: 2 } }, 'detection.alertRate: found 2; allowed: at most 0.5'],
    ['a bad duration', { training: { every: '5 hours' } }, 'training.every: found "5 hours"; allowed: a duration'],
    ['a missing section', { alerts: undefined }, 'alerts: not set; allowed: object'],
    [
      'an unknown feature type',
      { features: [{ path: '$.a', type: 'num' }] },
      'numeric, categorical, boolean, text, cyclic',
    ],
    ['a bad path', { features: [{ path: 'a', type: 'numeric' }] }, 'features[0].path: found "a"; allowed: a path'],
    [
      'two features of one name',
      {
        features: [
          { path: '$.a', type: 'numeric' },
          { path: '$.a', type: 'categorical' },
        ],
      },
      'features[1].name: found "a"; allowed: a name that no other feature has',
    ],
    ['maxRows below minRows', { training: { minRows: 500, maxRows: 100 } }, 'training.maxRows'],
    ['dead letters among the alerts', { deadLetters: { topic: 'flights.alerts' } }, 'deadLetters.topic'],
    ['a topic that outflow itself writes', { source: { topics: ['flights.alerts'] } }, 'source.topics[0]'],
    [
      'a topic twice',
      { source: { topics: ['flights', 'flights'] } },
      'source.topics[1]: found "flights"; allowed: each topic once',
    ],
    [
      'a key of another type of feature',
      { features: [{ path: '$.a', type: 'categorical', period: 'day' }] },
      'features[0].period: not allowed with type: categorical',
    ],
    ['a duration without a unit', { training: { window: 24 } }, 'training.window: found 24; allowed: a duration'],
    [
      'a broker without a port',
      { kafka: { brokers: 'a:1,127.0.0.1' } },
      'kafka.brokers: found "a:1,127.0.0.1"; allowed: host:port, such as kafka:9092',
    ],
    [
      'an IPv6 address of a broker, which kafkajs cannot read',
      { kafka: { brokers: ['a:1', '[::1]:9092'] } },
      'kafka.brokers[1]: found "[::1]:9092"; allowed: host:port, such as kafka:9092; an IPv6 address needs a host name',
    ],
    [
      'brokers that are not set',
      { kafka: {} },
      'kafka.brokers: not set; allowed: host:port, such as kafka:9092; an IPv6 address needs a host name',
    ],
    ['an empty file', null, 'outflow.yaml is empty; `outflow init` writes a configuration'],
  ])('names the key, what was found and what is allowed for %s', (_, document, expected) => {
    expect(problemsOf(document)).toContain(expected)
  })

  it('prints a problem once where two rules of a value are broken', () => {
    const problems = problemsOf({ features: [{ path: 'a', type: 'numeric' }], postgres: { url: 'localhost' } })
    expect(problems.match(/features\[0\]\.path: /g)).toHaveLength(1)
    expect(problems.match(/postgres\.url: /g)).toHaveLength(1)
  })

  it('rejects a database password with a bare %, with which commands failed with "URI malformed"', () => {
    const problems = problemsOf({ postgres: { url: 'postgres://u:Geheimnis%cd@db/x' } })
    expect(problems).toMatch(/postgres\.url: .*in the password, % .* are written %25 /)
    expect(problems).not.toContain('Geheimnis')
    const url = 'postgres://u:Geheimnis%25cd@db/x'
    expect(configOf({ postgres: { url } }).postgres.url).toBe(url)
  })

  it('keeps the database password out of the error', () => {
    expect(problemsOf({ postgres: { url: 'mysql://u:secret@db/x' } })).not.toContain('secret')
  })

  it.each([
    ['an unknown mechanism', { sasl: { mechanism: 'scram' } }, 'found "scram"; allowed: plain, scram-sha-256'],
    [
      'a login without a password',
      { sasl: { mechanism: 'plain', username: 'u' } },
      'allowed: either password or passwordFile, and one',
    ],
    [
      'two passwords',
      { sasl: { mechanism: 'plain', username: 'u', password: 'p', passwordFile: 'f' } },
      'allowed: either password or passwordFile, and not both',
    ],
    ['a certificate without its key', { tls: { certFile: 'c' } }, 'certFile and keyFile, both or none'],
    ['an unknown key of TLS', { tls: { cafile: 'c' } }, 'kafka.tls.cafile: no such key; did you mean caFile?'],
    [
      'TLS that is neither a boolean nor files',
      { tls: 'yes' },
      'kafka.tls: found "[redacted]"; allowed: true, false, or an object such as { caFile: ca.pem }',
    ],
  ])('refuses %s', (_, kafka, expected) => {
    expect(problemsOf({ kafka: { ...least.kafka, ...kafka } })).toContain(expected)
  })

  it('quotes no value under postgres, which may contain a password', () => {
    const problems = problemsOf({ postgres: { url: 'postgres://u:Geheimnis#/@db/x' } })
    expect(problems).toContain('postgres.url: found "[redacted]"')
  })

  it('rejects a list of schema registries (it was tried for ever)', () => {
    const registry = { url: 'http://r1:8081,http://r2:8081' }
    expect(problemsOf({ source: { ...least.source, format: 'avro', registry } })).toContain(
      'source.registry.url: found "[redacted]"; allowed: one URL such as https://registry:8081',
    )
  })

  it('rejects two passwords of the schema registry', () => {
    const registry = { url: 'https://registry:8081', username: 'u', password: 'p', passwordFile: 'f' }
    expect(problemsOf({ source: { ...least.source, format: 'avro', registry } })).toContain(
      'source.registry.passwordFile: found "[redacted]"; allowed: either password or passwordFile, and not both',
    )
  })

  it('rejects TLS or a password that postgres.url also contains', () => {
    const url = 'postgres://u:secret@db/x?sslmode=require'
    const problems = problemsOf({ postgres: { url, passwordFile: 'f', tls: true } })
    expect(problems).toMatch(/postgres\.passwordFile: .*postgres\.tls: /s)
    expect(problems).not.toContain('secret')
  })

  const hook = { name: 'pager', url: 'https://hooks.example/T0-Geheimnis', secret: `whsec_${'A'.repeat(32)}` }
  it.each([
    [
      'a signed webhook without a secret',
      { ...hook, secret: undefined },
      'webhooks[0].secret: not set; allowed: whsec_',
    ],
    ['a secret that is too short', { ...hook, secret: 'whsec_Geheimnis' }, 'webhooks[0].secret: found "[redacted]"; '],
    [
      'a secret that is not used',
      { ...hook, kind: 'slack' },
      'webhooks[0].secret: found "[redacted]"; allowed: with kind',
    ],
    [
      'a URL that is not http or https',
      { ...hook, url: 'ftp://Geheimnis' },
      'webhooks[0].url: found "[redacted]"; allowed: a URL',
    ],
    [
      'a password with a bare "%" (each attempt failed without a reason)',
      { ...hook, url: 'https://u:Geheimnis%x@hooks.example' },
      'webhooks[0].url: found "[redacted]"; allowed: a "%" of user or password as "%25"',
    ],
    ['an unknown kind', { ...hook, kind: 'teams' }, 'allowed: signed, slack, alertmanager'],
    ['an invalid network', { ...hook, allow: ['10.0.0.0/33'] }, 'webhooks[0].allow[0]: found "10.0.0.0/33"; allowed: '],
    [
      'health events without a topic',
      { ...hook, send: ['health'] },
      'alerts.webhooks[0].send: found ["health"]; allowed: health if events',
    ],
    ['an unknown key', { ...hook, headers: {} }, 'alerts.webhooks[0].headers: no such key'],
  ])('refuses %s without printing secrets', (_, webhook, expected) => {
    const problems = problemsOf({ alerts: { topic: 'a', webhooks: [webhook] } })
    expect(problems).toContain(expected)
    expect(problems).not.toContain('Geheimnis')
  })

  it.each([
    'sslmode=no-verify',
    'ssl=no-verify',
    'sslmode=verify-full&sslmode=no-verify',
    'uselibpqcompat=true&sslmode=require',
  ])('rejects %s in the URL of Postgres, with which certificates would not be verified', (query) => {
    const problems = problemsOf({ postgres: { url: `postgres://u:Geheimnis@db/x?${query}` } })
    expect(problems).toMatch(/postgres\.url: .*set the CA as postgres\.tls\.caFile/)
    expect(problems).not.toContain('Geheimnis')
  })

  it.each([
    ['a time zone', { features: [{ path: '$.day', type: 'cyclic', period: 'day', zone: 'Mars/Phobos' }] }],
    ['a cron pattern', { training: { cron: 'daily' } }],
    ['an origin', { console: { url: 'https://outflow.example.org/path' } }],
    ['an empty address (it was all interfaces)', { http: { host: '' } }],
  ])('states what is allowed instead of %s that is wrong', (_, part) => {
    expect(problemsOf(part)).toMatch(/: found .*; allowed: /)
  })

  it('names the roles where one is misspelt (the list was empty)', () => {
    const oidc = { issuer: 'https://login.example', clientId: 'outflow', roles: { admin: ['sre'] } }
    expect(problemsOf({ console: { url: 'https://outflow.example', authentication: { oidc } } })).toContain(
      'console.authentication.oidc.roles.admin: no such key; allowed: reader, analyst, operator',
    )
  })

  it('rejects two webhooks with the same name', () => {
    expect(problemsOf({ alerts: { topic: 'a', webhooks: [hook, hook] } })).toContain(
      'alerts.webhooks[1].name: found "pager"; allowed: a name that no other webhook has',
    )
  })

  it('issue 17.28: does not print values under a wrong key or from the environment', () => {
    const wrong = {
      pipeline: '${TOKEN}',
      password: 'Geheimnis',
      source: { topics: { password: 'Geheimnis' }, sasl: { password: 'Geheimnis' } },
      model: [{ password: 'Geheimnis' }],
      alerts: { topic: 'https://user:Geheimnis@hooks.example' },
    }
    const problems = problemsOf(wrong, { TOKEN: 'Geheimnis!' })
    expect(problems).not.toContain('Geheimnis')
    expect(problems).toContain('pipeline: found "${TOKEN}"; ')
    expect(problems).toContain('source.topics: found an object; ')
    expect(problems).toContain('password: no such key')
  })

  it('issue 17: does not print a value from the environment in a list', () => {
    const features = [{ path: ['https://${TOKEN}@host', 'https://user:Geheimnis@host'], type: 'numeric' }]
    const problems = problemsOf({ features }, { TOKEN: 'Geheimnis!' })
    expect(problems).not.toContain('Geheimnis')
    expect(problems).toContain('features[0].path: found ["https://')
  })

  it('issue 17: lists 20 problems of a list with a wrong entry at each of 500 places', () => {
    const brokers = Array.from({ length: 500 }, (_, at) => ({ [`k${at}`]: at }))
    const problems = problemsOf({ kafka: { brokers } }).split('\n')
    expect(problems.filter((problem) => problem.includes('kafka.brokers['))).toHaveLength(20)
    expect(problems.at(-1)).toBe('  and 480 more')
  })

  it('issue 17.28: rejects two hundred thousand unknown keys within the timeout of a test, and prints some', () => {
    const many = Object.fromEntries(Array.from({ length: 200_000 }, (_, i) => [`key${i}`, i]))
    const problems = problemsOf({ ...many, [`k${'x'.repeat(1_000_000)}`]: 1, training: many }).split('\n')
    expect(problems.length).toBeLessThan(60)
    expect(problems.at(-1)).toMatch(/and \d+ more unknown keys/)
  })

  it.each([
    { retention: { anomalies: '999999999d' } },
    { training: { every: '0s' } },
    { training: { every: '0.0001ms' } },
    { training: { window: '3651d' } },
    { training: { shadow: '3651d' } },
    { source: { topics: ['flights'], maxRecordBytes: '0B' } },
    { source: { topics: ['flights'], maxRecordBytes: '9999999GiB' } },
  ])('issue 17.28: refuses a span or a size out of bounds: %o', (wrong) => {
    expect(problemsOf(wrong)).toMatch(/allowed: (more than 0s|3650d at most|1B to 1GiB)/)
  })

  it('issue 17.28: accepts 0s for durations that may be zero', () => {
    expect(configOf({ training: { shadow: '0s' } }).training.shadow).toBe(0)
  })
})
