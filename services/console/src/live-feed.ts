import { anomalyId } from '@outflow/contracts'
import { type OutflowError, toOutflowError } from '@outflow/errors'
import { pause } from '@outflow/errors/retrying'
import type { AnomalyLine } from '@outflow/store/anomalies'

type OnFound = (found: readonly AnomalyLine[]) => void

interface LiveFeedOptions {
  /** Returns anomalies, newest first. */
  readonly readNewest: (query: { pipeline: string; since: Date; limit: number }) => Promise<readonly AnomalyLine[]>
  readonly signal: AbortSignal
  readonly onError: (error: OutflowError) => void
  /** Default 1,000. */
  readonly everyMs?: number
}

const POLL_INTERVAL_MS = 1_000
/**
 * A row has the time at which its transaction began, is visible only after its commit, and gets its reasons later, in a burst minutes
 * later. Each poll therefore covers this span, and skips anomalies that were reported.
 */
const LOOK_BACK_MS = 10 * 60_000
/** In a burst only the newest are sent; the list has all of them. */
const MAX_ANOMALIES = 500

/** An anomaly is new again when its reasons have been stored. */
const keyOf = (line: AnomalyLine): string => `${anomalyId(line.pipeline, line)} ${line.topReason !== null}`

interface WatchedPipeline {
  readonly listeners: Set<OnFound>
  /** Anomalies of the last poll; null before the first: those are in the list that the client has. */
  known: ReadonlySet<string> | null
}

/** Polls for new anomalies once a second for all clients of a pipeline; without clients it does not poll. */
export function makeLiveFeed({ readNewest, signal, onError, everyMs = POLL_INTERVAL_MS }: LiveFeedOptions) {
  const watched = new Map<string, WatchedPipeline>()
  let isPolling = false
  return {
    /**
     * Calls `onFound` with every anomaly that is found in the pipeline from now on, oldest first, and again when its reasons are stored.
     * @returns a function that ends the subscription
     */
    subscribe: (pipeline: string, onFound: OnFound): (() => void) => {
      const own = watched.get(pipeline) ?? { listeners: new Set(), known: null }
      if (!watched.has(pipeline)) void pollOne(pipeline, own)
      watched.set(pipeline, own)
      own.listeners.add(onFound)
      if (!isPolling) void poll()
      return () => {
        own.listeners.delete(onFound)
        if (own.listeners.size === 0 && watched.get(pipeline) === own) watched.delete(pipeline)
      }
    },
  }

  async function poll(): Promise<void> {
    isPolling = true
    while (watched.size > 0 && !signal.aborted) {
      await pause(everyMs, signal)
      if (signal.aborted) break
      for (const [pipeline, own] of watched) await pollOne(pipeline, own)
    }
    isPolling = false
  }

  async function pollOne(pipeline: string, own: WatchedPipeline): Promise<void> {
    const since = new Date(Date.now() - LOOK_BACK_MS)
    try {
      const lines = await readNewest({ pipeline, since, limit: MAX_ANOMALIES })
      const { known } = own
      own.known = new Set(lines.map(keyOf))
      if (known === null) return
      const unreported = lines.filter((line) => !known.has(keyOf(line))).toReversed()
      if (unreported.length > 0) for (const onFound of own.listeners) onFound(unreported)
    } catch (thrown: unknown) {
      if (!signal.aborted) onError(toOutflowError(thrown))
    }
  }
}
