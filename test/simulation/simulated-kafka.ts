import { type KafkaConnection, makeKafka } from '@outflow/streams'
import { connectionClosed, connectionRefused, requestTimedOut } from './kafka-errors.js'
import { Connection, type NetworkFaults } from './network.js'
import type { LoggedRecord } from './partition-log.js'
import { decodePartitions, encodeBatches } from './record-batches.js'
import type { Process, Scheduler } from './scheduler.js'
import { HOST, PORT, type SimulatedBroker } from './simulated-broker.js'

// kafkajs's default.
const REQUEST_TIMEOUT_MS = 30_000
const METADATA = 3
const METADATA_VERSION = 12
const LONGEST_DECOMPRESSION_MS = 20

interface KafkaOptions {
  readonly scheduler: Scheduler
  readonly broker: SimulatedBroker
  readonly faults: NetworkFaults
}

interface BrokerPool {
  connectionPoolBuilder: { build(): Promise<{ readonly host: string; readonly port: number; readonly rack: null }> }
  createBroker(options: { readonly nodeId?: number }): object
}

/** The product's own connection with kafkajs. Its requests go to the simulated broker; consumers, producers and all retries are real. */
export function simulatedKafka(process: Process, options: KafkaOptions): KafkaConnection {
  const kafka = makeKafka({ brokers: [`${HOST}:${PORT}`], clientId: process.name })
  const clients = kafka.kafkajs as unknown as Record<symbol, (options: object) => { readonly brokerPool: BrokerPool }>
  const create = Object.getOwnPropertySymbols(clients).find(({ description }) =>
    description?.endsWith(':createCluster'),
  )!
  const createReal = clients[create]!
  clients[create] = (clusterOptions) => {
    const cluster = createReal(clusterOptions)
    cluster.brokerPool.connectionPoolBuilder = { build: async () => ({ host: HOST, port: PORT, rack: null }) }
    cluster.brokerPool.createBroker = ({ nodeId }) => makeBrokerClient(process, options, nodeId)
    return cluster
  }
  return kafka
}

/** Replaces kafkajs's `Broker`: one connection, and a method for each kind of request. */
function makeBrokerClient(process: Process, { scheduler, broker, faults }: KafkaOptions, nodeId?: number): object {
  let connection: Connection | null = null
  const send = async (what: string, serve: () => unknown): Promise<unknown> => {
    if (connection === null || !connection.isOpen) throw connectionClosed(HOST, PORT)
    return connection.request(what, serve)
  }
  const open = () =>
    new Connection(scheduler, process, {
      ...{ name: 'kafka', faults, timeoutMs: REQUEST_TIMEOUT_MS },
      onTimeout: requestTimedOut,
      onBroken: () => connectionClosed(HOST, PORT),
    })
  const methods = Object.entries(broker.requests).map(([name, serve]) => [
    name,
    // Copied, as the client changes the object after it is sent.
    (request: unknown) => {
      const sent = copied(request)
      return send(name, () => serve(sent as never))
    },
  ])
  const requests: Record<string, (request: unknown) => Promise<unknown>> = Object.fromEntries(methods)
  return {
    ...requests,
    fetch: async (request: unknown) => {
      const response = (await requests.fetch!(request)) as FetchResponse
      const decoded = await scheduler.hold(throughBytes(response, broker, scheduler))
      if (broker.options.codec !== null)
        await scheduler.pause(scheduler.random.below(LONGEST_DECOMPRESSION_MS), process)
      return decoded
    },
    nodeId,
    versions: { [METADATA]: { maxVersion: METADATA_VERSION } },
    connectionPool: { host: HOST, port: PORT, rack: null, send: () => send('topic ids', () => broker.topicIds()) },
    isConnected: () => connection?.isOpen === true,
    connect: async () => {
      if (connection?.isOpen) return
      const opened = open()
      try {
        await opened.request('connect', () => {})
      } catch {
        throw connectionRefused(HOST, PORT)
      }
      if (connection?.isOpen) opened.close()
      else connection = opened
    },
    disconnect: async () => {
      connection?.close()
      connection = null
    },
  }
}

interface FetchResponse {
  readonly responses: readonly {
    readonly topicName: string
    readonly partitions: readonly { readonly batches: readonly (readonly LoggedRecord[])[] }[]
  }[]
}

/** Encodes and decodes the records of a response, as the broker and the client do. */
async function throughBytes(
  { responses }: FetchResponse,
  { options: { codec } }: SimulatedBroker,
  { random }: Scheduler,
) {
  // Only compressed batches are cut: a further random number would change the world of every other seed.
  const cutBytes = (lastBytes: number) => (codec !== null && random.oneIn(4) ? random.below(lastBytes) : 0)
  const encoded: Buffer[] = []
  for (const { partitions } of responses)
    for (const { batches } of partitions) encoded.push(await encodeBatches(batches, codec, cutBytes))
  const messages = (await decodePartitions(encoded)).values()
  return {
    responses: responses.map(({ topicName, partitions }) => ({
      topicName,
      partitions: partitions.map(({ batches: _, ...partition }) => ({
        ...partition,
        messages: messages.next().value!,
      })),
    })),
  }
}

function copied(value: unknown): unknown {
  if (Buffer.isBuffer(value)) return Buffer.from(value)
  if (Array.isArray(value)) return value.map(copied)
  // kafkajs's 64-bit numbers are instances of a class, and never change.
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([name, own]) => [name, copied(own)]))
}
