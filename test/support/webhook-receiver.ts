import http from 'node:http'
import { text } from 'node:stream/consumers'
import { type Listening, onLoopback } from './on-loopback.js'

/** A request as received. */
interface Received {
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

export interface WebhookReceiver extends Listening {
  /** In the order of arrival. */
  readonly received: readonly Received[]
}

/** @param answer  writes the response; the sender waits until it is ended */
export type AnswerTo = (response: http.ServerResponse, request: Received, count: number) => void

/** Starts an HTTP server on loopback that stores the requests that it receives. */
export async function startWebhookReceiver(answer: AnswerTo = (response) => response.end()): Promise<WebhookReceiver> {
  const received: Received[] = []
  const server = http.createServer(async (incoming, response) => {
    const request = { path: incoming.url ?? '', headers: incoming.headers, body: await text(incoming) }
    received.push(request)
    response.on('error', () => {}) // the sender closed the connection
    answer(response, request, received.length)
  })
  return { ...(await onLoopback(server)), received }
}
