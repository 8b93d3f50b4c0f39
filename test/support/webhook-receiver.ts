import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the receiver got it. */
export interface Received {
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

export interface WebhookReceiver {
  /** http://127.0.0.1:PORT */
  readonly url: string
  /** In the order in which they came. */
  readonly received: readonly Received[]
  close(): Promise<void>
}

/** @param answer  says it; whoever does not end the response lets it hang */
export type AnswerTo = (response: http.ServerResponse, request: Received, count: number) => void

/** Starts an HTTP server on loopback that keeps what it is sent. */
export async function startWebhookReceiver(answer: AnswerTo = (response) => response.end()): Promise<WebhookReceiver> {
  const received: Received[] = []
  const server = http.createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const request = { path: incoming.url ?? '', headers: incoming.headers, body: Buffer.concat(chunks).toString() }
    received.push(request)
    response.on('error', () => {}) // a sender that has seen enough
    answer(response, request, received.length)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
