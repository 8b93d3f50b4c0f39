/**
 * Tests that a relay commits every message once and in order when the broker answers late: `npm run test:crash -- --faults 1000 --json`.
 *
 * Protocol: six relays at a time each send messages through a proxy in front of a real broker. The proxy delays, loses and repeats requests,
 * also for longer than the timeout of a transaction. Then another client, kcat if it is installed, reads the committed data.
 * `--verification false` switches off the broker's transaction.partition.verification.enable. With `--repeats all` the proxy also repeats
 * the requests that end a transaction, which no client does within one epoch of its producer.
 *
 * The exit code is 1 when a message is lost, duplicated or out of order.
 */
import { parseArgs } from 'node:util'
import { launchInfrastructure } from '@outflow/launcher'
import { migrate } from '@outflow/store'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { readCommittedElsewhere } from '../bench/committed-reader.js'
import { withAdmin } from '../support/kafkajs.js'
import { startLateBroker } from '../support/late-broker.js'
import { makeFaults, PAST_TRANSACTION_MS, relayMessages, tally } from '../support/late-relay.js'
import { urlOfDatabase, withClient } from '../support/postgres-client.js'

const AT_ONCE = 6
/** Resource type of a broker: kafkajs does not export its enum by name. */
const BROKER = 4
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
    const { client, values: seen } = await readCommittedElsewhere(kafka.brokers, topics.deadLetters)
    clients.add(client)
    counts.messages += sent.length
    counts.lost += sent.filter((value) => !seen.includes(value)).length
    counts.doubled += seen.length - new Set(seen).size
    counts.outOfOrder += seen.filter((value, at) => at > 0 && Number(value) < Number(seen[at - 1])).length
    faults.push(...late.faults)
  } finally {
    await late.close()
  }
}

/** Makes a database per relay: each waits until its outbox table is empty. */
async function aDatabase(name: string): Promise<string> {
  await withClient(postgres.url, (admin) => admin.query(`create database "${name}"`))
  const url = urlOfDatabase(postgres.url, name)
  await migrate(url)
  return url
}

async function switchVerificationOff(): Promise<void> {
  const configEntries = [{ name: 'transaction.partition.verification.enable', value: 'false' }]
  await withAdmin(kafka.brokers, (admin) =>
    admin.alterConfigs({ validateOnly: false, resources: [{ type: BROKER, name: NODE_ID, configEntries }] }),
  )
}
