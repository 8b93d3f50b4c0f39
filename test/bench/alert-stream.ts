import { setTimeout as sleep } from 'node:timers/promises'
import { exampleEvent } from '@outflow/alerting'
import { isRetryable } from '@outflow/errors'
import type { Pool } from '@outflow/store'
import type { Anomaly } from '@outflow/store/anomalies'
import { storedPositions, writeBatch } from '@outflow/store/batch'
import type { OutboxMessage } from '@outflow/store/outbox'
import { beginPartition } from '../support/begin-partition.js'
import type { makeChance } from '../support/parcels.js'

/** An alert that Postgres has committed. */
export interface CommittedAlert {
  readonly id: string
  readonly key: string
  /** Its position among the alerts of its key, from 0. */
  readonly place: number
}

export interface AlertStream {
  /** Number of alerts that have left the outbox. */
  sent(): Promise<number>
  /** @throws the error that ended the stream, if any */
  check(): void
  /** Ends the stream; returns all committed alerts, in order. */
  stop(): Promise<readonly CommittedAlert[]>
}

export interface AlertStreamOptions {
  readonly pool: Pool
  readonly pipeline: string
  readonly topic: string
  readonly chance: ReturnType<typeof makeChance>
}

const KEYS = 40
const MAX_AT_ONCE = 60
// The relay always has alerts to send when it is killed, and the outbox does not grow without limit.
const AHEAD = 2_000
const PAUSE_MS = 20

/**
 * Commits alerts as ingest does: in the transaction that moves an offset, and only if nobody else moved it. So it is determined for each
 * batch whether it was committed, also when its answer was lost in an outage; batches that a crash of Postgres undid are written again.
 */
export function startAlertStream({ pool, pipeline, topic, chance }: AlertStreamOptions): AlertStream {
  /** In the order of their offsets: the first `next` alerts are committed. */
  const made: CommittedAlert[] = []
  let next = 0
  const places = new Map<string, number>()
  let stopped = false

  const sent = async (): Promise<number> => {
    const { rows } = await pool.query<{ waiting: string }>('select count(*) as waiting from outflow.outbox')
    return next - Number(rows[0]!.waiting)
  }

  const run = async (): Promise<void> => {
    await beginPartition(pool, { pipeline, topic: 'bench-source' })
    while (!stopped || next < made.length) {
      while (next - (await sent().catch(() => 0)) > AHEAD) await sleep(PAUSE_MS)
      if (next === made.length) made.push(...Array.from({ length: 1 + chance.below(MAX_AT_ONCE) }, () => nextAlert()))
      next = await commit(next, made.slice(next, next + MAX_AT_ONCE))
      await sleep(chance.below(PAUSE_MS))
    }
  }

  function nextAlert(): CommittedAlert {
    const key = `key ${chance.below(KEYS)}`
    const place = places.get(key) ?? 0
    places.set(key, place + 1)
    return { id: `${pipeline}/${key.replace(' ', '-')}/${place}`, key, place }
  }

  /** Returns the next offset: after these alerts, or the stored one, which may be before or after them. */
  async function commit(at: number, alerts: readonly CommittedAlert[]): Promise<number> {
    const offset = BigInt(at)
    const of = { pipeline, topic: 'bench-source', partition: 0 }
    for (;;) {
      try {
        const outcome = await writeBatch(pool, {
          ...of,
          expectedOffset: offset,
          nextOffset: offset + BigInt(alerts.length),
          received: alerts.length,
          scored: alerts.length,
          anomalies: alerts.map((alert, index) => toAnomaly(alert, offset + BigInt(index))),
          deadLetters: [],
          outbox: alerts.map((alert) => toMessage(alert)),
          scores: [],
          rejections: [],
        })
        if (outcome === 'written') return at + alerts.length
        // There is no other writer: an earlier attempt was committed and its answer was lost, or a crash of Postgres undid a commit that was not on disk.
        return Number((await storedPositions(pool, of)).get(0)?.nextOffset ?? 0n)
      } catch (error: unknown) {
        if (!isRetryable(error)) throw error
        await sleep(PAUSE_MS)
      }
    }
  }

  const toMessage = (alert: CommittedAlert): OutboxMessage => ({
    kind: 'alert',
    topic,
    key: Buffer.from(alert.key),
    payload: Buffer.from(JSON.stringify({ ...exampleEvent(pipeline, new Date(0)), ...alert })),
    headers: [],
  })

  let failure: unknown
  const done = run()
  done.catch((error: unknown) => {
    failure = error
  })
  return {
    sent,
    check: () => {
      if (failure !== undefined) throw failure
    },
    stop: async () => {
      stopped = true
      await done
      return made
    },
  }
}

function toAnomaly({ key }: CommittedAlert, offset: bigint): Anomaly {
  return {
    offset,
    recordTimeMs: Date.UTC(2026, 0, 1),
    eventTimeMs: Date.UTC(2026, 0, 1),
    entityKey: key,
    record: {},
    nll: 40,
    pValue: 1e-6,
    pUpper: 0.002,
    missing: [],
    severity: 'high',
    modelId: 'bench',
  }
}
