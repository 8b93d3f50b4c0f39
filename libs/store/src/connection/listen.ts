import { setTimeout as sleep } from 'node:timers/promises'
import { type OutflowError, toOutflowError } from '@outflow/errors'
import pg from 'pg'
import { toStoreError } from './errors.js'

export interface Listener {
  /** Stops listening and closes the connection; resolves when both are done. */
  close(): Promise<void>
}

export interface ListenerOptions {
  readonly url: string
  /** Notifications of other pipelines are ignored. */
  readonly pipeline: string
  /** Called for each lost connection; the listener reconnects. */
  readonly onError?: (error: OutflowError) => void
  /** Poll interval in addition to notifications, ms. */
  readonly pollMs?: number
  /** Creates the listening client, not yet connected. Default: a client of `pg`. */
  readonly makeClient?: (config: pg.ClientConfig) => pg.Client
}

export interface WorkListenerOptions extends ListenerOptions {
  /** Called after each notification, and every `pollMs`. */
  readonly onWork: () => void
}

/** Returns a listener to a channel that calls `onWork`. @param everyMs  default of `pollMs` */
export const workListener =
  (channel: string, everyMs: number) =>
  ({ onWork, ...options }: WorkListenerOptions): Listener =>
    listen({ pollMs: everyMs, ...options, channel, check: async () => onWork() })

interface Watch extends ListenerOptions {
  readonly channel: string
  readonly pollMs: number
  readonly check: (client: pg.Client) => Promise<void>
}

const RECONNECT_MS = 1_000

/** Runs `check` after connecting, after each notification and every `pollMs`; never concurrently. */
export function listen(watch: Watch): Listener {
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

/** Listens on one connection. Returns when stopped, throws if the connection breaks. */
async function listenOnce(watch: Watch, stop: AbortSignal): Promise<void> {
  const { makeClient = (config) => new pg.Client(config) } = watch
  const client = makeClient({
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
      // Created before the check, so that a notification during the check causes another one.
      wake.now = new AbortController()
      if (broken) throw broken
      await watch.check(client)
      await pause(watch.pollMs, AbortSignal.any([stop, wake.now.signal]))
    }
  } finally {
    await client.end()
  }
}

async function pause(ms: number, until: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: until }).catch(() => {})
}
