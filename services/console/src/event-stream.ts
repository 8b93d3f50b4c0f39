import { Readable } from 'node:stream'

/** Buffer for a slow client, bytes. */
const BUFFER_BYTES = 64 * 1024
const HEARTBEAT_MS = 15_000

/**
 * Makes a stream of server-sent events to one client. Events that do not fit into the buffer of a slow client are dropped and counted: when it has
 * read on, it gets an event `skipped` with the count, and can request the list.
 *
 * @param onClosed  called once, when the client has disconnected or the stream has ended
 */
export function makeEventStream(onClosed: () => void) {
  let hasRoom = true
  let skipped = 0
  const body = new Readable({
    highWaterMark: BUFFER_BYTES,
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
  // The headers are sent with the first bytes; a client reconnects two seconds after a loss.
  body.push('retry: 2000\n\n')
  return {
    body,
    send: (event: string, data: unknown): void => {
      if (hasRoom) hasRoom = body.push(eventText(event, data))
      else skipped += 1
    },
  }
}

/** JSON.stringify emits no line breaks. */
const eventText = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
