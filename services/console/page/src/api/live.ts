export type LiveState = 'live' | 'reconnecting' | 'off'

interface LiveOptions {
  readonly url: string
  /** Something new is there. */
  readonly onAnomaly: () => void
  /** The connection is back after a loss: something may have been missed. */
  readonly onReturn: () => void
  readonly onState: (state: LiveState) => void
}

const FIRST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 30_000

/** Follows a stream of server-sent events and comes back after every loss, ever more slowly. @returns what ends it */
export function followLive({ url, onAnomaly, onReturn, onState }: LiveOptions): () => void {
  let source: EventSource | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let waitMs = FIRST_WAIT_MS
  let wasLost = false

  const open = () => {
    source = new EventSource(url)
    source.addEventListener('anomaly', onAnomaly)
    // More came than a slow reader could take: they are there all the same.
    source.addEventListener('skipped', onAnomaly)
    source.onopen = () => {
      waitMs = FIRST_WAIT_MS
      onState('live')
      if (wasLost) onReturn()
      wasLost = false
    }
    // The browser's own retry gives up on any status but 200, such as a proxy's 502 while the console restarts.
    source.onerror = () => {
      source?.close()
      wasLost = true
      onState('reconnecting')
      timer = setTimeout(open, waitMs)
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS)
    }
  }
  open()
  return () => {
    source?.close()
    clearTimeout(timer)
    onState('off')
  }
}
