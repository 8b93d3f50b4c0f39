/**
 * Whether every message is committed once and in order by a broker that answers late: `npm run test:crash -- --faults 1000 --json`.
 *
 * Protocol: relays, six at a time, each send messages through a proxy in front of a real broker, which delays, loses and repeats requests, past
 * the timeout of a transaction too. Then another client reads committed data: kcat, where it is installed. With
 * `--verification false` the broker's transaction.partition.verification.enable is switched off. With `--repeats all` the proxy also repeats
 * the requests that end a transaction, which no client does in one epoch of its producer.
 *
 * The exit code is 1 when a message is lost, doubled or out of order.
 */
import { parseArgs } from 'node:util'
import { launchInfrastructure } from '@outflow/launcher'
import { migrate, openPool } from '@outflow/store'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { readCommittedElsewhere } from '../bench/committed-reader.js'
import { startLateBroker } from '../support/late-broker.js'
import { makeFaults, PAST_TRANSACTION_MS, relayMessages, tally } from '../support/late-relay.js'

const AT_ONCE = 6
/** kafkajs's enum of resource types is no named export. */
const BROKER = 4
/** Of the launcher's one broker. */
const NODE_ID = '1'

const { values: options } = parseArgs({
  options: {
    faults: { type: 'string' },
    seed: { type: 'string', default: '1' },
    verification: { type: 'string', default: 'true' },
    repeats: { type: 'string', default: 'clients' },
    json: { type: 'boolean', default: false },
  },
})
const wanted = Number(options.faults)
const startedAtMs = Date.now()
const infrastructure = await launchInfrastructure()
const { kafka, postgres } = infrastructure
const connection = makeKafka({ brokers: kafka.brokers, clientId: 'test' })
const counts = { messages: 0, lost: 0, doubled: 0, outOfOrder: 0 }
const clients = new Set<string>()
const faults: (readonly [string, number])[] = []
const countOf = () => faults.reduce((sum, [, count]) => sum + count, 0)
try {
  await migrate(postgres.url)
  if (options.verification === 'false') await switchVerificationOff()
  for (let seed = Number(options.seed); countOf() < wanted; seed += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => relayOnce(seed + at)))
    console.error(`${countOf()} of ${wanted} faults; ${JSON.stringify(counts)}`)
  }
  const report = {
    ...counts,
    faults: countOf(),
    verification: options.verification !== 'false',
    repeats: options.repeats,
    byKind: tally(faults),
    clients: [...clients],
    seed: Number(options.seed),
    seconds: Math.round((Date.now() - startedAtMs) / 1_000),
    infrastructure: [kafka.description, postgres.description],
  }
  console.log(JSON.stringify(report, null, options.json ? 0 : 2))
  if (counts.lost + counts.doubled + counts.outOfOrder > 0) process.exitCode = 1
} finally {
  await infrastructure.stop()
}

async function relayOnce(seed: number): Promise<void> {
  const own = makeFaults(seed, { oneIn: 10, longestMs: PAST_TRANSACTION_MS, repeatsAll: options.repeats === 'all' })
  const late = await startLateBroker(kafka.brokers[0]!, own.next)
  const name = `late-${seed}`
  const topics = { source: name, alerts: `${name}.alerts`, deadLetters: `${name}.dead` }
  await ensureTopics(
    connection,
    Object.values(topics).map((topic) => ({ topic, partitions: 1 })),
  )
  try {
    const url = await aDatabase(name)
    const sent = await relayMessages({ pipeline: name, brokers: late.brokers, topics, url, seed, faults: own })
    const { client, messages } = await readCommittedElsewhere(kafka.brokers, topics.deadLetters)
    clients.add(client)
    const seen = messages.map(({ value }) => value)
    counts.messages += sent.length
    counts.lost += sent.filter((value) => !seen.includes(value)).length
    counts.doubled += seen.length - new Set(seen).size
    counts.outOfOrder += seen.filter((value, at) => at > 0 && Number(value) < Number(seen[at - 1])).length
    faults.push(...late.faults)
  } finally {
    await late.close()
  }
}

/** Of a relay of its own: an outbox that is empty is waited for. */
async function aDatabase(name: string): Promise<string> {
  const admin = openPool(postgres.url, { max: 1 })
  await admin.query(`create database "${name}"`)
  await admin.end()
  const url = new URL(postgres.url)
  url.pathname = `/${name}`
  await migrate(url.href)
  return url.href
}

async function switchVerificationOff(): Promise<void> {
  const admin = connection.kafkajs.admin()
  await admin.connect()
  const configEntries = [{ name: 'transaction.partition.verification.enable', value: 'false' }]
  await admin.alterConfigs({ validateOnly: false, resources: [{ type: BROKER, name: NODE_ID, configEntries }] })
  await admin.disconnect()
}
