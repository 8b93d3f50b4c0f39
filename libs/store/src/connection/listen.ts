import { type OutflowError, toOutflowError } from '@outflow/errors'
import { makeWakeUp, pause } from '@outflow/errors/retrying'
import pg from 'pg'
import { toStoreError } from './errors.js'
import { STAY_IDLE } from './pool.js'

export interface Listener {
  /** Stops listening and closes the connection; resolves when both are done. */
  close(): Promise<void>
}

export interface ListenerOptions {
  readonly url: string
  /** Notifications of other pipelines are ignored. */
  readonly pipeline: string
  /** Called once for each lost connection or failed check, however long the listener takes until the checks succeed again. */
  readonly onError?: (error: OutflowError) => void
  /** Poll interval in addition to notifications, which may be lost, ms; default 500. */
  readonly pollMs?: number
  /** Creates the listening client, not yet connected. Default: a client of `pg`. */
  readonly makeClient?: (config: pg.ClientConfig) => pg.Client
}

type Channel = `outflow_${'anomalies' | 'models' | 'outbox' | 'training' | 'webhooks'}`

interface Watch extends ListenerOptions {
  readonly checks: Readonly<Partial<Record<Channel, (client: pg.Client) => void | Promise<void>>>>
}

const POLL_MS = 500
const RECONNECT_MS = 1_000

/** Runs the check of a channel after each notification, and all after connecting and every `pollMs`; never concurrently. */
export function listen(watch: Watch): Listener {
  const stop = new AbortController()
  let isLost = false
  const onChecked = () => {
    isLost = false
  }
  const done = (async () => {
    while (!stop.signal.aborted) {
      try {
        await listenOnce(watch, stop.signal, onChecked)
      } catch (thrown: unknown) {
        if (!isLost) watch.onError?.(toOutflowError(toStoreError(thrown)))
        isLost = true
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

/** Listens on one connection. Returns when stopped, throws if the connection breaks. */
async function listenOnce(watch: Watch, stop: AbortSignal, onChecked: () => void): Promise<void> {
  const { makeClient = (config) => new pg.Client(config), pollMs = POLL_MS } = watch
  const checks = new Map(Object.entries(watch.checks))
  const channels = [...checks.keys()]
  const client = makeClient({
    connectionString: watch.url,
    application_name: `outflow ${channels[0]}`,
    connectionTimeoutMillis: 5_000,
    query_timeout: 10_000,
    keepAlive: true,
  })
  const { wake, wait } = makeWakeUp()
  let due = new Set(channels)
  let broken: Error | undefined
  client.on('error', (error) => {
    broken = error
    wake()
  })
  client.on('notification', ({ channel, payload }) => {
    if (payload !== watch.pipeline) return
    due.add(channel)
    wake()
  })
  try {
    await client.connect()
    await client.query(STAY_IDLE)
    for (const channel of channels) await client.query(`listen ${channel}`)
    while (!stop.aborted) {
      // A new set is made before the checks, so that a notification during a check causes another one.
      const now = due
      due = new Set()
      if (broken) throw broken
      for (const channel of now) await checks.get(channel)?.(client)
      onChecked()
      await wait(stop, pollMs)
      if (due.size === 0) due = new Set(channels)
    }
  } finally {
    await client.end()
  }
}
