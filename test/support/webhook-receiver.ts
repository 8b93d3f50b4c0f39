import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as received. */
export interface Received {
  readonly path: string
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

export interface WebhookReceiver {
  /** http://127.0.0.1:PORT */
  readonly url: string
  /** In the order of arrival. */
  readonly received: readonly Received[]
  close(): Promise<void>
}

/** @param answer  writes the response; a response that is not ended keeps the sender waiting */
export type AnswerTo = (response: http.ServerResponse, request: Received, count: number) => void

/** Starts an HTTP server on loopback that stores the requests that it receives. */
export async function startWebhookReceiver(answer: AnswerTo = (response) => response.end()): Promise<WebhookReceiver> {
  const received: Received[] = []
  const server = http.createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const request = { path: incoming.url ?? '', headers: incoming.headers, body: Buffer.concat(chunks).toString() }
    received.push(request)
    response.on('error', () => {}) // the sender closed the connection
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
