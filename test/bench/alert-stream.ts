import { setTimeout as sleep } from 'node:timers/promises'
import { exampleEvent } from '@outflow/alerts'
import { isRetryable } from '@outflow/errors'
import { type Anomaly, type OutboxMessage, type Pool, writeBatch } from '@outflow/store'
import type { makeChance } from '../support/parcels.js'

/** An alert that Postgres has committed. */
export interface CommittedAlert {
  readonly id: string
  readonly key: string
  /** Its place among those of its key, from 0. */
  readonly place: number
}

export interface AlertStream {
  /** How many alerts have left the outbox. */
  sent(): Promise<number>
  /** @throws what ended the stream, where something has */
  check(): void
  /** Ends the stream; gives all that was committed, in order. */
  stop(): Promise<readonly CommittedAlert[]>
}

export interface AlertStreamOptions {
  readonly pool: Pool
  readonly pipeline: string
  readonly topic: string
  readonly chance: ReturnType<typeof makeChance>
}

const KEYS = 40
const MOST_AT_ONCE = 60
// The relay has something to send whenever it is killed, and is not drowned in it.
const AHEAD = 2_000
const PAUSE_MS = 20

/**
 * Commits alerts as ingest does: in the transaction that moves an offset, and only if nobody moved it. So it is known of each batch
 * whether it was committed, also where its answer was lost in an outage.
 */
export function startAlertStream({ pool, pipeline, topic, chance }: AlertStreamOptions): AlertStream {
  const committed: CommittedAlert[] = []
  const places = new Map<string, number>()
  let stopped = false

  const sent = async (): Promise<number> => {
    const { rows } = await pool.query<{ waiting: string }>('select count(*) as waiting from outflow.outbox')
    return committed.length - Number(rows[0]!.waiting)
  }

  const run = async (): Promise<void> => {
    while (!stopped) {
      while (committed.length - (await sent().catch(() => 0)) > AHEAD) await sleep(PAUSE_MS)
      const alerts = Array.from({ length: 1 + chance.below(MOST_AT_ONCE) }, () => nextAlert())
      await commit(BigInt(committed.length), alerts)
      committed.push(...alerts)
      await sleep(chance.below(PAUSE_MS))
    }
  }

  function nextAlert(): CommittedAlert {
    const key = `key ${chance.below(KEYS)}`
    const place = places.get(key) ?? 0
    places.set(key, place + 1)
    return { id: `${pipeline}/${key.replace(' ', '-')}/${place}`, key, place }
  }

  async function commit(offset: bigint, alerts: readonly CommittedAlert[]): Promise<void> {
    for (;;) {
      try {
        // `superseded`: an earlier attempt was committed and its answer got lost, since nobody else writes.
        await writeBatch(pool, {
          pipeline,
          topic: 'bench-source',
          partition: 0,
          expectedOffset: offset === 0n ? null : offset,
          nextOffset: offset + BigInt(alerts.length),
          received: alerts.length,
          scored: alerts.length,
          anomalies: alerts.map((alert, index) => toAnomaly(alert, offset + BigInt(index))),
          deadLetters: [],
          outbox: alerts.map((alert) => toMessage(alert)),
          scores: [],
          rejections: [],
        })
        return
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
      return committed
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
    pUpper: null,
    nearest: null,
    missing: [],
    severity: 'high',
    reasons: [],
    modelId: 'bench',
  }
}
