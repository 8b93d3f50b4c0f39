import { Readable } from 'node:stream'

/** Server-sent events to one client. */
interface EventStream {
  readonly body: Readable
  send(event: string, data: unknown): void
}

/** What may wait for a slow client, bytes. */
const MOST_WAITING = 64 * 1024
const HEARTBEAT_MS = 15_000

/**
 * Makes a stream of server-sent events. What a slow client has no room for is left out and counted: once it has read on, an
 * event `skipped` has the number, and it can request the list.
 *
 * @param onClosed  called once, when the client has gone or the stream has ended
 */
export function makeEventStream(onClosed: () => void): EventStream {
  let hasRoom = true
  let skipped = 0
  const body = new Readable({
    highWaterMark: MOST_WAITING,
    read() {
      hasRoom = true
      if (skipped === 0) return
      const count = skipped
      skipped = 0
      hasRoom = this.push(eventText('skipped', { count }))
    },
  })
  const heartbeat = setInterval(() => {
    if (hasRoom) hasRoom = body.push(': still here\n\n')
  }, HEARTBEAT_MS)
  body.once('close', () => {
    clearInterval(heartbeat)
    onClosed()
  })
  // The head leaves with the first bytes; a client that loses us tries again in two seconds.
  body.push('retry: 2000\n\n')
  return {
    body,
    send: (event, data) => {
      if (hasRoom) hasRoom = body.push(eventText(event, data))
      else skipped += 1
    },
  }
}

/** JSON holds no line break of its own. */
const eventText = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
