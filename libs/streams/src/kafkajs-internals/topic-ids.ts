import { createRequire } from 'node:module'
import type { Kafka } from 'kafkajs'
import type { KafkaConnection } from '../connection/kafka.js'
import { BrokerUnavailable, withBrokerErrors } from '../errors.js'
import { installedVersion, TESTED_VERSION } from './tested-version.js'

const require = createRequire(import.meta.url)

/**
 * The broker's topic ids. A topic that is deleted and recreated under the same name has another id.
 *
 * kafkajs supports the Metadata request up to version 6; ids were added in version 10. This file sends it on kafkajs's own connections,
 * if kafkajs has the tested version.
 */
export interface TopicIds {
  /**
   * Returns the id of a topic, from a request that is sent after the call; one request serves all calls that wait for it.
   * null: the broker has no topic ids (before Kafka 2.8), or kafkajs is not the tested version.
   *
   * @throws {BrokerUnavailable} {TopicUnknown} if the topic does not exist
   */
  read(topic: string): Promise<string | null>
  close(): Promise<void>
}

export function openTopicIds(kafka: KafkaConnection, version = installedVersion()): TopicIds {
  if (version !== TESTED_VERSION) return { read: async () => null, close: async () => {} }
  let opened: Promise<Cluster> | null = null
  /** The request that is not sent yet; it waits for the answer to the last one. */
  let nextRequest: { readonly topics: Set<string>; readonly answer: Promise<TopicMetadata> } | null = null
  let lastAnswered: Promise<unknown> = Promise.resolve()
  let isClosed = false

  const disconnect = async () => {
    const cluster = opened
    opened = null
    await cluster?.then(
      (open) => open.disconnect(),
      () => {},
    )
  }
  const sendRequest = async (): Promise<TopicMetadata> => {
    const topics = [...nextRequest!.topics]
    nextRequest = null
    // A request that waited for an earlier one while the caller closed this would connect again and never disconnect.
    if (isClosed) throw new BrokerUnavailable('Kafka is not available: the connection for topic ids was closed')
    try {
      opened ??= openCluster(kafka.kafkajs)
      return await requestMetadata(await opened, topics)
    } catch (error: unknown) {
      await disconnect()
      throw error
    }
  }
  return {
    read: (topic) =>
      withBrokerErrors(
        async () => {
          if (nextRequest === null) {
            nextRequest = { topics: new Set(), answer: lastAnswered.then(sendRequest) }
            lastAnswered = nextRequest.answer.catch(() => {})
          }
          nextRequest.topics.add(topic)
          const { id = null, errorCode = 0 } = (await nextRequest.answer).get(topic) ?? {}
          if (errorCode !== 0) throw createErrorFromCode(errorCode)
          return id
        },
        { topics: [topic] },
      ),
    close: () => {
      isClosed = true
      return disconnect()
    },
  }
}

export type TopicMetadata = ReadonlyMap<string, TopicAnswer>

interface TopicAnswer {
  readonly id: string
  readonly errorCode: number
  /** Bit n is set if the user may do the operation with code n of Kafka's ACLs; NO_OPERATIONS if they were not requested. */
  readonly operations: number
}

/** Kafka's value for operations that it does not report. */
export const NO_OPERATIONS = -(2 ** 31)

const METADATA = 3
const VERSION = 10

interface Broker {
  /** null: the socket is open, and the request of the versions has failed; kafkajs reports such a broker as connected. */
  readonly versions: Readonly<Record<number, { readonly maxVersion: number } | undefined>> | null
  readonly connectionPool: { send<T>(exchange: Exchange<T>): Promise<T> }
}

export interface Cluster {
  readonly brokerPool: { findConnectedBroker(): Promise<Broker> }
  findGroupCoordinatorMetadata(request: {
    readonly groupId: string
    readonly coordinatorType: number
  }): Promise<unknown>
  connect(): Promise<void>
  disconnect(): Promise<void>
}

interface Exchange<T> {
  readonly request: {
    readonly apiKey: number
    readonly apiVersion: number
    readonly apiName: string
    encode(): Promise<Encoder>
  }
  readonly response: { decode(payload: Buffer): Promise<T>; parse(decoded: T): Promise<T> }
}

interface Encoder {
  writeUVarInt(value: number): Encoder
  writeUVarIntString(value: string): Encoder
  writeUVarIntArray(values: readonly Encoder[]): Encoder
  writeBuffer(value: Buffer): Encoder
  writeBoolean(value: boolean): Encoder
}

interface Decoder {
  readonly buffer: Buffer
  offset: number
  readInt16(): number
  readInt32(): number
  readBoolean(): boolean
  readUVarIntString(): string | null
  readUVarIntArray<T>(read: (decoder: Decoder) => T): T[] | null
  readTaggedFields(): unknown
}

const Encoder: new () => Encoder = require('kafkajs/src/protocol/encoder')
const Decoder: new (payload: Buffer) => Decoder = require('kafkajs/src/protocol/decoder')
const { createErrorFromCode }: { createErrorFromCode(code: number): Error } = require('kafkajs/src/protocol/error')

/** Opens connections like those of kafkajs's own clients: same brokers, TLS, login and log. */
export async function openCluster(kafka: Kafka): Promise<Cluster> {
  const create = Object.getOwnPropertySymbols(kafka).find(({ description }) => description?.endsWith(':createCluster'))!
  const makers = kafka as unknown as Record<symbol, (options: object) => Cluster>
  const cluster = makers[create]!({ metadataMaxAge: 300_000, allowAutoTopicCreation: false })
  await cluster.connect()
  return cluster
}

/** @returns empty if the broker supports no topic ids. @throws {BrokerUnavailable} */
export async function requestMetadata(
  cluster: Cluster,
  topics: readonly string[],
  { withOperations = false } = {},
): Promise<TopicMetadata> {
  const broker = await cluster.brokerPool.findConnectedBroker()
  if (broker.versions === null)
    throw new BrokerUnavailable('Kafka is not available: a broker accepts connections and does not answer')
  if ((broker.versions[METADATA]?.maxVersion ?? 0) < VERSION) return new Map()
  return broker.connectionPool.send(metadataOf(topics, withOperations))
}

/** @see https://kafka.apache.org/protocol#The_Messages_Metadata */
function metadataOf(topics: readonly string[], withOperations: boolean): Exchange<TopicMetadata> {
  return {
    request: {
      apiKey: METADATA,
      apiVersion: VERSION,
      apiName: 'Metadata',
      encode: async () => {
        const names = topics.map((topic) =>
          new Encoder().writeBuffer(NO_ID).writeUVarIntString(topic).writeUVarInt(NO_TAGS),
        )
        return new Encoder()
          .writeUVarInt(NO_TAGS) // in the request's header
          .writeUVarIntArray(names)
          .writeBoolean(false) // allow_auto_topic_creation
          .writeBoolean(false) // include_cluster_authorized_operations
          .writeBoolean(withOperations) // include_topic_authorized_operations
          .writeUVarInt(NO_TAGS)
      },
    },
    response: { decode: async (payload) => decodeTopics(new Decoder(payload)), parse: async (topics) => topics },
  }
}

const NO_TAGS = 0
const NO_ID = Buffer.alloc(16)

function decodeTopics(decoder: Decoder): TopicMetadata {
  decoder.readTaggedFields() // in the response's header
  decoder.readInt32() // throttle_time_ms
  decoder.readUVarIntArray(skipBroker)
  decoder.readUVarIntString() // cluster_id
  decoder.readInt32() // controller_id
  return new Map(decoder.readUVarIntArray(readTopic)!)
}

function skipBroker(decoder: Decoder): void {
  decoder.readInt32() // node_id
  decoder.readUVarIntString() // host
  decoder.readInt32() // port
  decoder.readUVarIntString() // rack
  decoder.readTaggedFields()
}

function readTopic(decoder: Decoder): readonly [name: string, TopicAnswer] {
  const errorCode = decoder.readInt16()
  const name = decoder.readUVarIntString()!
  const id = decoder.buffer.subarray(decoder.offset, decoder.offset + NO_ID.length).toString('base64url')
  decoder.offset += NO_ID.length
  decoder.readBoolean() // is_internal
  decoder.readUVarIntArray(skipPartition)
  const operations = decoder.readInt32()
  decoder.readTaggedFields()
  return [name, { id, errorCode, operations }]
}

function skipPartition(decoder: Decoder): void {
  decoder.readInt16() // error_code
  decoder.readInt32() // partition_index
  decoder.readInt32() // leader_id
  decoder.readInt32() // leader_epoch
  for (let list = 0; list < PARTITION_LISTS; list++) decoder.readUVarIntArray((replica) => replica.readInt32())
  decoder.readTaggedFields()
}

/** replica_nodes, isr_nodes, offline_replicas */
const PARTITION_LISTS = 3
