import type { Gap } from '@outflow/contracts'
import { partitionCounters, writeBatch } from '@outflow/store/batch'
import { type DeliveriesOptions, type Delivery, type KafkaConnection, makeKafka } from '@outflow/streams'
import { deliveries } from '@outflow/streams/deliveries'
import { positionsOf } from '../../services/ingest/src/positions.js'
import { pool } from './a-pool.js'
import { NO_ROWS } from './begin-partition.js'
import { eventually } from './eventually.js'
import { aGroup, kafkaBrokers } from './infrastructure.js'
import { sendMessages } from './topic-writer.js'

export const PIPELINE = 'flights'

export const kafka = () => makeKafka({ brokers: kafkaBrokers(), clientId: 'test' })

interface MemberOptions extends Partial<DeliveriesOptions> {
  readonly topic: string
  /** Default: a new one. */
  readonly groupId?: string
  readonly work?: (delivery: Delivery) => Promise<void>
  /** Default: of the broker itself. */
  readonly connection?: KafkaConnection
}

/** A consumer that counts each delivery in Postgres, as ingest does, and records the offsets that were counted. */
export function aMember({ topic, groupId = aGroup(), work, connection = kafka(), ...options }: MemberOptions) {
  const stop = new AbortController()
  const member = {
    offsets: [] as number[],
    assignments: [] as number[],
    sought: [] as bigint[],
    missed: [] as unknown[],
    restarts: 0,
    begun: 0,
    done: Promise.resolve(),
    unsubscribe: () => {},
    leave: () => {
      stop.abort()
      return member.done
    },
    until: (condition: () => boolean | Promise<boolean>) =>
      Promise.race([eventually(condition, { what: `${condition}` }), member.done]),
  }
  const handle = async (delivery: Delivery) => {
    member.begun += 1
    try {
      await work?.(delivery)
      const { partition, expectedOffset, nextOffset, records } = delivery
      const outcome = await write(topic, partition, expectedOffset, nextOffset, records.length)
      if (outcome === 'superseded') return delivery.reposition()
      member.offsets.push(...Array.from(records, ({ offset }) => Number(offset)))
      delivery.acknowledge()
    } catch (error: unknown) {
      delivery.fail(error)
    }
  }
  member.done = new Promise((resolve, reject) => {
    const subscription = deliveries(connection, {
      groupId,
      topics: [topic],
      from: 'earliest',
      positions: positionsOf(pool, PIPELINE),
      signal: stop.signal,
      hooks: {
        assigned: (partitions) => member.assignments.push(partitions.length),
        sought: (seeks) => member.sought.push(...seeks.map(({ offset }) => offset)),
        missed: ({ kind, stored, next, missed }) =>
          member.missed.push(gapOf(kind, stored.nextOffset, next.nextOffset, missed)),
        restarting: () => {
          member.restarts += 1
        },
      },
      ...options,
    }).subscribe({ next: handle, error: reject, complete: resolve })
    member.unsubscribe = () => subscription.unsubscribe()
  })
  member.done.catch(() => {})
  return member
}

/** Runs a member until it has counted this many records and has left its group. */
export async function readAndLeave(options: MemberOptions, count: number) {
  const member = aMember(options)
  await member.until(() => member.offsets.length === count)
  await member.leave()
  return member
}

/** Stores that records were received and scored, as ingest does with a batch without anomalies. */
export function write(topic: string, partition: number, expectedOffset: bigint, nextOffset: bigint, count: number) {
  const counts = { received: count, scored: count }
  return writeBatch(pool, { ...NO_ROWS, ...counts, pipeline: PIPELINE, topic, partition, expectedOffset, nextOffset })
}

export async function received(topic: string): Promise<number> {
  return (await countersOf(topic)).reduce((sum, counters) => sum + counters.received, 0)
}

export const gapOf = (kind: Gap['kind'], from: bigint, to: bigint, missed: bigint) => ({ kind, from, to, missed })

export async function countersOf(topic: string) {
  const counters = await partitionCounters(pool, PIPELINE)
  return counters
    .filter((at) => at.topic === topic)
    .map(({ nextOffset, received, missed }) => ({ nextOffset, received, missed }))
}

export async function nextOffsets(topic: string): Promise<readonly bigint[]> {
  return (await countersOf(topic)).map(({ nextOffset }) => nextOffset)
}

export const message = (topic: string, value: number, partition?: number) => ({
  topic,
  key: null,
  value: `{"value":${value}}`,
  ...(partition !== undefined && { partition }),
})

/** @param partition  default: chosen by the producer */
export const produce = (topic: string, from: number, to: number, partition?: number) =>
  sendMessages(
    kafkaBrokers(),
    topic,
    range(from, to).map((value) => message(topic, value, partition)),
  )

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}
