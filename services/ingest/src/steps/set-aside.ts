import type { Rejection } from '@outflow/contracts'
import type { OutboxMessage } from '@outflow/store'
import type { Delivery, KafkaRecord } from '@outflow/streams'
import type { CleanBatch, ReadBatch } from '../batch.js'

export interface SetAsideOptions {
  /** The dead-letter topic. */
  readonly topic: string
  /** Epoch ms; default: the clock. */
  readonly now?: () => number
}

/**
 * Makes the step that turns rejected records into dead letters: the original key, value and headers byte for byte, and
 * headers that say why, where the record stood and when.
 */
export function setAsideTo({ topic, now = Date.now }: SetAsideOptions) {
  return (batch: ReadBatch): CleanBatch => {
    const rejectedAt = new Date(now()).toISOString()
    const rejected = batch.rejected.toSorted((a, b) => Number(a.source.offset - b.source.offset))
    return {
      ...batch,
      rejected,
      deadLetters: rejected.map(({ source, rejection }) => ({
        offset: source.offset,
        recordTimeMs: source.timestampMs,
        reason: rejection.reason,
        detail: rejection.detail,
        key: source.key,
        value: source.value,
      })),
      deadLetterMessages: rejected.map(({ source, rejection }) => ({
        offset: source.offset,
        message: {
          kind: 'dead_letter',
          topic,
          key: source.key,
          payload: source.value,
          headers: [...source.headers, ...ourHeaders(batch.delivery, source, rejection, rejectedAt)],
        },
      })),
    }
  }
}

type HeaderEntry = OutboxMessage['headers'][number]

function ourHeaders(
  { topic, partition }: Delivery,
  source: KafkaRecord,
  { reason, detail }: Rejection,
  rejectedAt: string,
): HeaderEntry[] {
  return [
    ['outflow.reason', reason],
    ['outflow.detail', detail],
    ['outflow.topic', topic],
    ['outflow.partition', String(partition)],
    ['outflow.offset', String(source.offset)],
    ['outflow.timestamp', String(source.timestampMs)],
    ['outflow.rejected-at', rejectedAt],
  ]
}
