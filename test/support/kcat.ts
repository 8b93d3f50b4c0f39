/**
 * The part of kcat that the guides use, for machines without it: `-P -b BROKERS -t TOPIC [-l FILE]` sends lines, of stdin by default;
 * `-C … -e -q` prints the committed values of a topic from its beginning to its end.
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { readCommitted } from './topic-reader.js'

const { values } = parseArgs({
  options: {
    P: { type: 'boolean', short: 'P' },
    C: { type: 'boolean', short: 'C' },
    b: { type: 'string', short: 'b' },
    t: { type: 'string', short: 't' },
    l: { type: 'string', short: 'l' },
    X: { type: 'string', short: 'X' },
    o: { type: 'string', short: 'o' },
    e: { type: 'boolean', short: 'e' },
    q: { type: 'boolean', short: 'q' },
  },
})
const brokers = values.b!.split(',')
const topic = values.t!

if (values.P) {
  const input = values.l === undefined ? process.stdin : createReadStream(values.l)
  const messages: { value: string }[] = []
  for await (const value of createInterface({ input })) messages.push({ value })
  const kafka = new Kafka({ brokers, clientId: 'kcat', logLevel: logLevel.ERROR })
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages })
  await producer.disconnect()
} else {
  for (const { value } of await readCommitted(brokers, topic)) console.log(String(value))
}
