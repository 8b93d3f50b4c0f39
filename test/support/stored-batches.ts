import type { BatchWrite } from '@outflow/store/batch'
import { minuteScores } from '@outflow/store/statistics'
import { pool } from './a-pool.js'
import { anAnomaly } from './an-anomaly.js'
import { beginPartition } from './begin-partition.js'
import { aName } from './infrastructure.js'

export const TOPIC = 'flights'
export const NOW = Date.now()

/** A pipeline whose partition 0 begins at offset 0. */
export async function aPipeline(): Promise<string> {
  const pipeline = aName('pipeline')
  await beginPartition(pool, { pipeline, topic: TOPIC })
  return pipeline
}

/** Three records: one rejected, one normal, one anomaly that is alerted. */
export function aBatch(
  pipeline: string,
  expectedOffset: bigint,
  nextOffset: bigint,
  nll = 12.5,
  recordTimeMs = NOW,
): BatchWrite {
  return {
    pipeline,
    topic: TOPIC,
    partition: 0,
    expectedOffset,
    nextOffset,
    received: 3,
    scored: 2,
    anomalies: [anAnomaly(nextOffset - 1n, { recordTimeMs, eventTimeMs: NOW, nll })],
    deadLetters: [
      {
        offset: nextOffset - 3n,
        recordTimeMs,
        reason: 'undecodable',
        detail: 'not JSON: \0',
        key: null,
        value: new Uint8Array(3_000),
      },
    ],
    outbox: [
      { kind: 'alert', topic: 'alerts', key: Buffer.from('LAX'), payload: Buffer.from('{}'), headers: [] },
      {
        kind: 'dead_letter',
        topic: 'dead',
        key: null,
        payload: Buffer.from([0, 255]),
        headers: [
          ['h\0', 'text'],
          ['h\0', Buffer.from([0, 200])],
        ],
      },
    ],
    scores: minuteScores('m', [recordTimeMs, recordTimeMs], [1, nll], [0, 1], [0.5, 0.001]),
  }
}
