import { setTimeout as sleep } from 'node:timers/promises'
import { type OutflowError, toOutflowError } from '@outflow/errors'
import type { AnomalyLine } from '@outflow/store/anomalies'
import { anomalyId } from './ids.js'

interface LiveFeed {
  /**
   * Hands every anomaly that is found in the pipeline from now on to `onFound`, the oldest first, and again when its reasons are stored;
   * gives what ends that.
   */
  subscribe(pipeline: string, onFound: OnFound): () => void
}

type OnFound = (found: readonly AnomalyLine[]) => void

interface LiveFeedOptions {
  /** The newest first. */
  readonly look: (query: { pipeline: string; since: Date; limit: number }) => Promise<readonly AnomalyLine[]>
  readonly signal: AbortSignal
  readonly onError: (error: OutflowError) => void
  /** Default 1,000. */
  readonly everyMs?: number
}

const EVERY_MS = 1_000
/**
 * A row is stamped when its transaction begins and seen when it ends: each look goes back so far, and what was reported already is
 * passed over. No batch takes as long.
 */
const LOOK_BACK_MS = 30_000
/** In a burst only the newest are sent; the list has them all. */
const MOST_AT_ONCE = 500

/** An anomaly whose reasons have been stored since is new again. */
const nameOf = (line: AnomalyLine): string => `${anomalyId(line)} ${line.topReason !== null}`

interface WatchedPipeline {
  readonly listeners: Set<OnFound>
  /** What is known within the look back. */
  known: ReadonlySet<string>
}

/** Polls for new anomalies once a second for all clients of a pipeline; without clients it does not poll. */
export function makeLiveFeed({ look, signal, onError, everyMs = EVERY_MS }: LiveFeedOptions): LiveFeed {
  const watched = new Map<string, WatchedPipeline>()
  let isLooking = false
  return {
    subscribe: (pipeline, onFound) => {
      const own = watched.get(pipeline) ?? { listeners: new Set(), known: new Set() }
      const isFirst = !watched.has(pipeline)
      watched.set(pipeline, own)
      // What is there already is in the list that the asker has.
      const ready = isFirst ? lookAt(pipeline, own, () => {}) : Promise.resolve()
      void ready.catch(fail).then(() => own.listeners.add(onFound))
      if (!isLooking) void lookOn()
      return () => {
        void ready
          .catch(() => {})
          .then(() => {
            own.listeners.delete(onFound)
            if (own.listeners.size === 0 && watched.get(pipeline) === own) watched.delete(pipeline)
          })
      }
    },
  }

  async function lookOn(): Promise<void> {
    isLooking = true
    while (watched.size > 0 && !signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => {})
      if (signal.aborted) break
      for (const [pipeline, own] of watched) {
        await lookAt(pipeline, own, (found) => {
          for (const onFound of own.listeners) onFound(found)
        }).catch(fail)
      }
    }
    isLooking = false
  }

  async function lookAt(pipeline: string, own: WatchedPipeline, onFound: OnFound): Promise<void> {
    const since = new Date(Date.now() - LOOK_BACK_MS)
    const lines = await look({ pipeline, since, limit: MOST_AT_ONCE })
    const fresh = lines.filter((line) => !own.known.has(nameOf(line)))
    own.known = new Set(lines.map(nameOf))
    if (fresh.length > 0) onFound(fresh.toReversed())
  }

  function fail(thrown: unknown): void {
    if (!signal.aborted) onError(toOutflowError(thrown))
  }
}
