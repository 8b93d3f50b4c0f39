/**
 * A consumer of outflow's Kafka client, unmodified and with outflow's settings, that discards the messages or
 * parses them first: `baseline-consumer.ts BROKERS TOPIC RECORDS discard|parse`. Prints its time and CPU as one line of JSON.
 */
import { randomUUID } from 'node:crypto'
import { Kafka, logLevel } from 'kafkajs'

const [brokers, topic, records, mode] = process.argv.slice(2) as [string, string, string, string]
const kafka = new Kafka({ brokers: brokers.split(','), clientId: 'bench', logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId: randomUUID(), maxBytesPerPartition: 512 * 1024, maxWaitTimeInMs: 500 })
await consumer.connect()
await consumer.subscribe({ topic, fromBeginning: true })
let read = 0
let parsed = 0
let from: { readonly at: number; readonly cpu: NodeJS.CpuUsage } | undefined
await new Promise<void>((resolve) => {
  void consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: true,
    partitionsConsumedConcurrently: 8,
    eachBatch: async ({ batch }) => {
      from ??= { at: performance.now(), cpu: process.cpuUsage() }
      if (mode === 'parse') for (const { value } of batch.messages) parsed += JSON.parse(value!.toString('utf8')).m1
      read += batch.messages.length
      if (read >= Number(records)) resolve()
    },
  })
})
const { user, system } = process.cpuUsage(from!.cpu)
const wallMs = performance.now() - from!.at
console.log(JSON.stringify({ records: read, wallMs, cpuMs: (user + system) / 1_000, parsed }))
await consumer.disconnect()
