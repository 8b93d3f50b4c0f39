export type LiveState = 'live' | 'reconnecting' | 'off'

interface LiveOptions {
  readonly url: string
  /** Called when there are new anomalies, and when the connection is restored: events may have been missed. */
  readonly onNews: () => void
  readonly onState: (state: LiveState) => void
}

const FIRST_WAIT_MS = 1_000
const MAX_WAIT_MS = 30_000

/** Follows a stream of server-sent events; reconnects after a loss, with growing delays. @returns a function that closes it */
export function followLive({ url, onNews, onState }: LiveOptions): () => void {
  let source: EventSource | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let waitMs = FIRST_WAIT_MS
  let wasLost = false

  const open = () => {
    source = new EventSource(url)
    source.addEventListener('anomaly', onNews)
    // The server dropped events of a slow client: the list has the anomalies nevertheless.
    source.addEventListener('skipped', onNews)
    source.onopen = () => {
      waitMs = FIRST_WAIT_MS
      onState('live')
      if (wasLost) onNews()
      wasLost = false
    }
    // The browser's own retry gives up on any status but 200, such as a proxy's 502 while the console restarts.
    source.onerror = () => {
      source?.close()
      wasLost = true
      onState('reconnecting')
      timer = setTimeout(open, waitMs)
      waitMs = Math.min(waitMs * 2, MAX_WAIT_MS)
    }
  }
  open()
  return () => {
    source?.close()
    clearTimeout(timer)
    onState('off')
  }
}
