import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { type Config, ConfigInvalid } from '@outflow/contracts'
import { loadConfig } from '@outflow/runtime'
import { parse, stringify } from 'yaml'
import { mutate, type Random } from '../random.js'
import { expectSame } from '../same-value.js'
import { type FuzzTarget, WrongValue } from '../target.js'

/** The text of an outflow.yaml. */
const target: FuzzTarget<string> = {
  rule: 'a text is a configuration, the same after a round trip, or an error of a bounded length without secrets',
  setUp: async () => {
    folder = await mkdtemp(join(tmpdir(), 'outflow-fuzz-'))
  },
  tearDown: () => rm(folder, { recursive: true }),
  shortRun: 100,
  generate: (random) => {
    // A changed byte may separate a secret from its key, as in `pass word: …`, so that it cannot be recognised.
    if (random.oneIn(3)) return mutate(random, Buffer.from(stringify(aDocument('changeit'))), LIKELY).toString('utf8')
    const document = aDocument(SECRET)
    for (let edits = random.below(4); edits > 0; edits--) edit(random, document)
    if (random.oneIn(2)) return stringify(document, { aliasDuplicateObjects: false })
    if (random.oneIn(20)) addItself(random, document)
    return stringify(document)
  },
  check: async (text) => {
    const config = await load(text)
    if (config !== null) expectSame(await load(stringify(parse(text))), config, 'after a round trip')
  },
}
export default target

const SECRET = 'hushhush7'
const LIKELY = Buffer.from(' \n\t:-#[]{}"\'*&!|>%@$,0')
/** Maximum: 20 problems, each with a path, the value found and what is allowed. */
const MAX_MESSAGE = 20_000
let folder: string

/** @returns null when the text is not a configuration */
async function load(text: string): Promise<Config | null> {
  const path = join(folder, 'outflow.yaml')
  await writeFile(path, text)
  try {
    return await loadConfig(path, { TOKEN: SECRET })
  } catch (error: unknown) {
    if (!(error instanceof ConfigInvalid)) throw error
    const { length } = error.message
    if (length > MAX_MESSAGE) throw new WrongValue(`a message of ${length} characters`)
    if (inspect(error, { depth: 9 }).includes(SECRET)) throw new WrongValue(`an error with a secret: ${error.message}`)
    return null
  }
}

function aDocument(secret: string): Record<string, unknown> {
  return {
    pipeline: 'flights',
    kafka: {
      brokers: 'localhost:9092',
      tls: true,
      sasl: { mechanism: 'plain', username: 'outflow', password: secret },
    },
    postgres: { url: `postgres://outflow:${secret}@localhost:5432/outflow` },
    source: {
      topics: ['flights'],
      format: 'avro',
      registry: { url: 'https://registry:8081', username: 'outflow', password: secret },
      key: '$.carrier',
      timestamp: '$.at',
      maxRecordBytes: '512KiB',
    },
    features: [
      { path: '$.delay', type: 'numeric', scale: 'log' },
      { path: '$.route.origin', type: 'categorical', optional: true },
      { path: '$.at', type: 'cyclic', period: 'day', zone: 'Europe/Berlin' },
      { type: 'window', name: 'flown', aggregate: 'sum', of: '$.km', over: '1h' },
    ],
    model: { kind: 'spline', layers: 4, hidden: [32] },
    training: { every: '15m', cron: '0 3 * * *', window: '7d', contamination: 0.02 },
    detection: { alertBudget: '20/day' },
    alerts: {
      topic: 'flights.alerts',
      webhooks: [
        { name: 'pager', url: `https://outflow:${secret}@hooks.example.org`, kind: 'slack', allow: ['10.0.0.0/8'] },
        { name: 'audit', url: 'https://audit.example.org', secret: `whsec_${'A'.repeat(40)}` },
      ],
      grouping: { bucket: '10m', by: 'key' },
      cooldown: '1h',
    },
    deadLetters: { topic: 'flights.dead' },
    console: {
      url: 'https://outflow.example.org',
      authentication: {
        oidc: {
          issuer: 'https://login.example.org',
          clientId: 'outflow',
          clientSecret: secret,
          roles: { reader: ['staff'] },
        },
        sessionSecret: secret.repeat(4),
      },
    },
  }
}

type Holder = Record<string, unknown>

/** Changes, renames or removes a key, or copies a key or an object elsewhere. */
function edit(random: Random, document: Holder): void {
  const holders = holdersIn(document)
  const holder = random.pick(holders)
  const keys = Object.keys(holder)
  if (keys.length === 0) return
  const key = random.pick(keys)
  random.pick([
    () => delete holder[key],
    () => {
      // Under a list, a value that was moved there is not recognised as a secret.
      if (Array.isArray(holder)) return
      const name = random.pick([`${key}s`, key.toUpperCase(), ...ODD_KEYS])
      Object.defineProperty(holder, name, { value: holder[key], enumerable: true, writable: true, configurable: true })
      delete holder[key]
    },
    () => {
      holder[key] = structuredClone(random.pick(ODD_VALUES))
    },
    () => {
      holder[key] = structuredClone(random.pick(ODD_VALUES))
    },
    () => {
      holder[key] = structuredClone(random.pick(holders))
    },
    () => {
      const text = String(holder[key])
      if (!text.includes(SECRET)) holder[key] = mutate(random, Buffer.from(text), LIKELY).toString('utf8')
    },
  ])()
}

/** Puts an object or a list among the values of one of its own descendants, as an alias inside its anchor does. */
function addItself(random: Random, document: Holder): void {
  const holder = random.pick(holdersIn(document))
  const inner = random.pick(holdersIn(holder))
  inner[random.pick(Object.keys(inner)) ?? 'it'] = holder
}

function holdersIn(value: unknown): Holder[] {
  if (typeof value !== 'object' || value === null) return []
  return [value as Holder, ...Object.values(value).flatMap(holdersIn)]
}

const ODD_KEYS = [
  ...['', ' ', '__proto__', 'constructor', 'toString', '0', 'a.b', 'password', 'x'.repeat(5_000), '🎈', '<<'],
]
const ODD_VALUES: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e308, Number.NaN, Number.POSITIVE_INFINITY, '', ' ', '0s', '1e9d', '9'.repeat(400)],
  ...['99999999999999999999d', '$', '$.__proto__', '$.'.repeat(2_000), '0 0 31 2 *', '* * * * * *', '${TOKEN}'],
  ...['a ${TOKEN} b', '${ABSENT}', 'https://${TOKEN}@x', 'postgres://[', 'postgres://u:p@h/?sslmode=off', '__proto__'],
  ...['constructor', '\0', '\ud800', 'x'.repeat(100_000), [], {}, [null], [[[[]]]]],
  Array.from({ length: 500 }, (_, at) => ({ [`k${at}`]: at })),
  Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`key${at}`, '${TOKEN}'])),
  new Date(0),
]
