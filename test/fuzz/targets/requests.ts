import { makeVitals } from '@outflow/runtime'
import type { Client, Pool } from '@outflow/store'
import type { ConsoleServer } from '../../../services/console/src/routes/route-context.js'
import { makeServer } from '../../../services/console/src/server.js'
import type { ConsoleTelemetry } from '../../../services/console/src/telemetry.js'
import { configWith } from '../../support/config-with.js'
import { mutate, type Random } from '../random.js'
import { show } from '../same-value.js'
import { type FuzzTarget, WrongValue } from '../target.js'

interface Request {
  readonly method: (typeof METHODS)[number]
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: string | null
}

const target: FuzzTarget<Request> = {
  rule: 'no request to the API causes an internal error, not even with values that Postgres rejects, and every error is a problem, in JSON or as a page for a browser',
  setUp: async () => {
    server = await makeServer({
      config: configWith({}),
      pool: STORE,
      read: (query) => query(STORE as unknown as Client),
      vitals: makeVitals(),
      telemetry: TELEMETRY,
    })
  },
  tearDown: async () => {
    await server.close()
  },
  generate: (random) => {
    const body = random.oneIn(3) ? null : aBody(random)
    const type = random.oneIn(8) ? anOdd(random) : 'application/json'
    return {
      method: random.pick(METHODS),
      url: aUrl(random),
      headers: {
        ...(body !== null && { 'content-type': printable(type) }),
        // Without it each write is rejected.
        ...(random.oneIn(2) && { 'sec-fetch-site': 'same-origin' }),
        ...someHeaders(random),
      },
      body,
    }
  },
  check: async ({ method, url, headers, body }) => {
    failure = null
    const {
      statusCode,
      headers: answered,
      body: text,
    } = await server.inject({
      method,
      url,
      // A new client address each time, because of the rate limit.
      remoteAddress: `127.${(++clients >> 16) & 255}.${(clients >> 8) & 255}.${clients & 255}`,
      headers: { host: 'localhost', ...headers },
      ...(body !== null && { payload: body }),
    })
    if (failure !== null) throw failure
    if (statusCode >= 500) throw new WrongValue(`${statusCode}: ${text}`)
    if (statusCode < 400 || method === 'HEAD') return
    if (String(answered['content-type']).includes('text/html')) {
      if (!headers.accept?.includes('text/html') || !PAGE.test(text)) throw new WrongValue(`${statusCode}: ${text}`)
      return
    }
    if (!String(answered['content-type']).includes('application/problem+json'))
      throw new WrongValue(`${statusCode}: ${text}`)
    const problem = JSON.parse(text) as { status?: unknown; detail?: unknown }
    if (problem.status !== statusCode || typeof problem.detail !== 'string') throw new WrongValue(text)
  },
}
export default target

/** The problem as a page: its texts, which may quote the request, have no tags. */
const PAGE = /<main>\s*<h1>[^<]+<\/h1>\s*<p>[^<]*<\/p>\s*<p><a href="\/">[^<]+<\/a><\/p>\s*<\/main>/

const METHODS = ['GET', 'GET', 'GET', 'POST', 'POST', 'DELETE', 'PUT', 'PATCH', 'HEAD', 'OPTIONS'] as const

let server: ConsoleServer
let clients = 0
/** Error of the current request. */
let failure: WrongValue | null = null

const TELEMETRY: ConsoleTelemetry = {
  consoleStarted: () => {},
  requestAnswered: () => {},
  startDelayed: () => {},
  storeConnectionLost: () => {},
  requestFailed: (_, error) => {
    failure ??= new WrongValue(`failed: ${error.stack}`)
  },
}

/** Result of writes and counts. */
const ROW = { id: '1', anomalies: 0, confirmed: 0, falseAlarms: 0, firstSeen: null }

/** Expects no row. */
const PLAN = { 'QUERY PLAN': [{ Plan: { 'Plan Rows': 0 } }] }

/** An empty store that validates its parameters as Postgres does. */
const STORE = {
  query: async (statement: string | { readonly text: string; readonly values?: readonly unknown[] }) => {
    const { text, values = [] } = typeof statement === 'string' ? { text: statement } : statement
    if (!values.flat().every(isAccepted))
      throw Object.assign(new Error(show(values)), { severity: 'ERROR', code: '22021' })
    if (text.startsWith('explain')) return { rows: [PLAN] }
    return { rows: /insert into|select count\(/.test(text) ? [ROW] : [] }
  },
  connect: async () => ({ ...STORE, on: () => {}, off: () => {}, release: () => {} }),
} as unknown as Pool

function isAccepted(value: unknown): boolean {
  if (typeof value === 'string')
    return !value.includes('\0') && !(value.startsWith('{') && /\\u(0000|d[89a-f])/i.test(value))
  return (
    !(value instanceof Date) ||
    (value.getTime() >= Date.parse('-004713-11-25T00:00Z') && value.getUTCFullYear() <= 294_276)
  )
}

/** Without /api/health, which requires Kafka. */
const PATHS = [
  ...['/api/anomalies', '/api/anomalies/*', '/api/anomalies/*/similar', '/api/anomalies/*/verdicts'],
  ...['/api/pipelines', '/api/pipelines/*/rollback', '/api/entities', '/api/statistics/scores', '/api/dead-letters'],
  ...['/api/models', '/api/calibration-records', '/api/models/*', '/api/models/*/promote', '/api/retrain'],
  ...['/api/suppressions', '/api/suppressions/*', '/api/session', '/api/*', '/*'],
] as const
const PARTS = [
  ...['flights', 'flights%2Fflights%2F0%2F7', '7', '99999999999999999999', '%00', '%', '%ff', '..', '%2e%2e%2f', ''],
]
const NAMES = [
  ...['pipeline', 'from', 'to', 'key', 'field', 'severity', 'modelId', 'verdict', 'minBits', 'text', 'sort'],
  ...['limit', 'cursor', 'detectedWithinMs', '__proto__', 'x[y]'],
]
const VALUES = [
  ...['flights', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '0001-01-01T00:00:00Z', '9999-12-31T23:59:60Z'],
  ...['high', 'none', 'confirmed', 'time', 'bits', '1', '0', '-1', '1e3', '60', '0x10', 'true', 'NaN', ''],
]

function aUrl(random: Random): string {
  const path = random.pick(PATHS).replace(/\*/g, () => (random.oneIn(2) ? random.pick(PARTS) : encoded(anOdd(random))))
  const query = random.list(4, () => {
    const value = random.pick([() => random.pick(VALUES), () => anOdd(random), () => aCursor(random)])()
    return `${random.pick(NAMES)}=${random.oneIn(8) ? printable(value).replace(/[ #]/g, '') : encoded(value)}`
  })
  const url = query.length > 0 ? `${path}?${query.join('&')}` : path
  return random.oneIn(8)
    ? printable(mutate(random, Buffer.from(url), LIKELY).toString('latin1')).replace(/^[\\/]*/, '/')
    : url
}

function aCursor(random: Random): string {
  const cursor = {
    topic: random.oneIn(4) ? anOdd(random) : 'flights',
    partition: random.pick([0, 1e9, 2 ** 31, -1, 1.5]),
    offset: random.pick(['7', '9'.repeat(19), '0'.repeat(30), 'x']),
    ...(random.oneIn(2) && {
      pValue: random.pick([0.5, 0, 1, 2, 1e-320]),
      recordTime: random.pick([
        '2026-01-01T00:00:00Z',
        '2026-99-99T99:99:99Z',
        '0000-01-01T00:00:00Z',
        '9999-12-31T23:59:59.999-23:59',
        '2026-02-31T00:00:00Z',
      ]),
    }),
  }
  return Buffer.from(
    random.oneIn(6) ? mutate(random, Buffer.from(JSON.stringify(cursor)), LIKELY) : JSON.stringify(cursor),
  ).toString('base64url')
}

const KEYS = [
  ...['pipeline', 'reason', 'verdict', 'note', 'entity', 'field', 'direction', 'range', 'timeOfWeek', 'zone'],
  ...['expiresAt', 'token', '__proto__', 'constructor'],
]

function aBody(random: Random): string {
  const value = (): unknown =>
    random.pick([
      () => random.pick(VALUES),
      () => anOdd(random),
      () =>
        random.pick([null, true, 0, -1, 1e308, 'above', 'mon 06:00-09:00', 'Europe/Berlin', '2999-01-01T00:00:00Z']),
      () => random.list(3, () => random.pick([null, 1, 2, 'x'])),
      () => ({ a: anOdd(random) }),
    ])()
  // Valid bodies, each with its own keys.
  const accepted = random.pick([
    {},
    { reason: 'of a test' },
    { verdict: 'confirmed', note: 'as before' },
    { entity: 'LAX', reason: 'of a test', expiresAt: '2999-01-01T00:00:00Z' },
    { token: 'x' },
  ])
  const text = JSON.stringify({
    ...accepted,
    ...Object.fromEntries(random.list(3, () => [random.pick(KEYS), value()])),
  })
  if (random.oneIn(4)) return mutate(random, Buffer.from(text), LIKELY).toString('utf8')
  return random.oneIn(40) ? '['.repeat(70_000) : text
}

function someHeaders(random: Random): Record<string, string> {
  const names = [
    ...['accept', 'cookie', 'authorization', 'sec-fetch-site', 'if-none-match', 'range', 'accept-encoding'],
    ...['x-forwarded-for', 'host', 'origin'],
  ]
  const values = ['text/html', 'outflow_session=%', 'Bearer x', 'Basic eDp5', 'bytes=0-', '*', 'localhost']
  return Object.fromEntries(
    random.list(3, () => [random.pick(names), random.oneIn(2) ? random.pick(values) : printable(anOdd(random))]),
  )
}

const LIKELY = Buffer.from('\0%&=?/.[]{}",:;0')
const CHARACTERS = [
  ...['a', 'Z', '0', ' ', '\0', '%', '/', '\\', '"', "'", '\n', 'é', '日', '🎈', '\ud800', '\udc00', '$', '{'],
]

function anOdd(random: Random): string {
  return random.oneIn(20)
    ? 'x'.repeat(random.pick([101, 501, 3_000]))
    : random.list(8, () => random.pick(CHARACTERS)).join('')
}

/** Characters that Node accepts in a header or in a URL. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '~')

/** A lone surrogate, which a URL cannot contain, becomes U+FFFD. */
const encoded = (text: string): string => encodeURIComponent(Buffer.from(text).toString())
