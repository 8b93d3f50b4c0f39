import { setTimeout as sleep } from 'node:timers/promises'
import { type OutflowError, toOutflowError } from '@outflow/errors'
import pg from 'pg'
import { toStoreError } from './errors.js'
import { latestFollowing, type StoredFollowing } from './followings.js'
import { activeModelId } from './models.js'
import { shadowId } from './shadows.js'

export interface Listening {
  /** Stops listening and closes the connection; resolves when both are done. */
  close(): Promise<void>
}

export interface ModelListenerOptions {
  readonly url: string
  readonly pipeline: string
  /** Called with the active model's id when it is not the one last told; first at the start (null: no model yet). */
  readonly onChange: (modelId: string | null) => void
  /** Called when the active model's p-values are to be moved in another way than was last told. */
  readonly onFollowing?: (following: StoredFollowing) => void
  /** Called with the id of the candidate that is to score beside, when it is another than was last told; null: none. */
  readonly onShadow?: (modelId: string | null) => void
  /** Called for each lost connection; the listener reconnects by itself. */
  readonly onError?: (error: OutflowError) => void
  /** How often the database is asked in any case, ms; default 1,000. */
  readonly pollMs?: number
}

/** Follows the pipeline's active model: by NOTIFY at once, by polling where a notification was lost. */
export function listenForModels(options: ModelListenerOptions): Listening {
  const { pipeline, onChange, onFollowing, onShadow } = options
  let told: string | null | undefined
  let toldFollowing: bigint | undefined
  let toldShadow: string | null = null
  return listen({
    ...options,
    channel: 'outflow_models',
    pollMs: options.pollMs ?? 1_000,
    look: async (client) => {
      const active = await activeModelId(client, pipeline)
      if (active !== told) onChange(active)
      told = active
      if (onShadow !== undefined) {
        const shadow = await shadowId(client, pipeline)
        if (shadow !== toldShadow) onShadow(shadow)
        toldShadow = shadow
      }
      if (active === null || onFollowing === undefined) return
      const following = await latestFollowing(client, { pipeline, modelId: active })
      if (following === null || following.id === toldFollowing) return
      toldFollowing = following.id
      onFollowing(following)
    },
  })
}

export interface OutboxListenerOptions {
  readonly url: string
  readonly pipeline: string
  /** Called when new rows were committed, and every `pollMs` in any case. */
  readonly onWork: () => void
  readonly onError?: (error: OutflowError) => void
  /** Default 500. */
  readonly pollMs?: number
}

/** Wakes the relay when there may be something to send. */
export function listenForOutbox(options: OutboxListenerOptions): Listening {
  return listen({
    ...options,
    channel: 'outflow_outbox',
    pollMs: options.pollMs ?? 500,
    look: async () => options.onWork(),
  })
}

/** Wakes who delivers to webhooks when there may be something to deliver. */
export function listenForDeliveries(options: OutboxListenerOptions): Listening {
  return listen({
    ...options,
    channel: 'outflow_webhooks',
    pollMs: options.pollMs ?? 500,
    look: async () => options.onWork(),
  })
}

export interface TrainingListenerOptions {
  readonly url: string
  readonly pipeline: string
  /** Called when a model was asked for, and every `pollMs` in any case. */
  readonly onWork: () => void
  readonly onError?: (error: OutflowError) => void
  /** Default 5,000. */
  readonly pollMs?: number
}

/** Wakes the trainer when somebody asks for a new model. */
export function listenForTraining(options: TrainingListenerOptions): Listening {
  return listen({
    ...options,
    channel: 'outflow_training',
    pollMs: options.pollMs ?? 5_000,
    look: async () => options.onWork(),
  })
}

interface Watch {
  readonly url: string
  readonly channel: string
  /** Notifications of other pipelines are passed over. */
  readonly pipeline: string
  readonly pollMs: number
  readonly look: (client: pg.Client) => Promise<void>
  readonly onError?: (error: OutflowError) => void
}

const RECONNECT_MS = 1_000

/** Looks after connecting, after each notification and every `pollMs`; never twice at once. */
function listen(watch: Watch): Listening {
  const stop = new AbortController()
  const done = (async () => {
    while (!stop.signal.aborted) {
      try {
        await listenOnce(watch, stop.signal)
      } catch (thrown: unknown) {
        watch.onError?.(toOutflowError(toStoreError(thrown)))
        await pause(RECONNECT_MS, stop.signal)
      }
    }
  })()
  return {
    close() {
      stop.abort()
      return done
    },
  }
}

/** One connection's life. Returns when stopped, throws when the connection breaks. */
async function listenOnce(watch: Watch, stop: AbortSignal): Promise<void> {
  const client = new pg.Client({
    connectionString: watch.url,
    application_name: `outflow ${watch.channel}`,
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
    keepAlive: true,
  })
  const wake = { now: new AbortController() }
  let broken: Error | undefined
  client.on('error', (error) => {
    broken = error
    wake.now.abort()
  })
  client.on('notification', ({ payload }) => {
    if (payload === watch.pipeline) wake.now.abort()
  })
  try {
    await client.connect()
    await client.query(`listen ${watch.channel}`)
    while (!stop.aborted) {
      // Armed before looking: what is notified while looking is looked at again.
      wake.now = new AbortController()
      if (broken) throw broken
      await watch.look(client)
      await pause(watch.pollMs, AbortSignal.any([stop, wake.now.signal]))
    }
  } finally {
    await client.end()
  }
}

async function pause(ms: number, until: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: until }).catch(() => {})
}
