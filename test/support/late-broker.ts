import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'
import { startProxy } from './proxy.js'

/** The kinds of requests that get faults, with Kafka's API keys. */
const KAFKA_REQUESTS = {
  Produce: 0,
  Fetch: 1,
  Heartbeat: 12,
  JoinGroup: 11,
  SyncGroup: 14,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
} as const

const METADATA = 3
const FIND_COORDINATOR = 10

export type RequestKind = keyof typeof KAFKA_REQUESTS

/**
 * Fault of a request. Late: the request or its answer is delayed. Lost: the connection is closed before the request arrives, or before it is
 * answered. Repeated: the request arrives again later, on another connection. Stray: the connection is closed, and the request arrives later on another.
 */
export type Fault =
  | { readonly kind: 'late request' | 'late answer' | 'repeated' | 'stray'; readonly ms: number }
  | { readonly kind: 'lost request' | 'lost answer' }

export type LateBroker = Awaited<ReturnType<typeof startLateBroker>>

/**
 * A proxy between clients and a broker without TLS, which adds faults to requests. As in Kafka, each connection keeps its order: a
 * delayed request delays those after it.
 *
 * @param faultOf  decides on each request of the kinds above; null: no fault
 */
export async function aLateBroker(...options: Parameters<typeof startLateBroker>): Promise<LateBroker> {
  const late = await startLateBroker(...options)
  onTestFinished(late.close)
  return late
}

/** The same outside of tests; the caller closes it. */
export async function startLateBroker(broker: string, faultOf: (request: RequestKind) => Fault | null) {
  const [host, port] = [broker.slice(0, broker.lastIndexOf(':')), Number(broker.slice(broker.lastIndexOf(':') + 1))]
  /** So far, by request and kind. */
  const faults = new Map<string, number>()
  const kinds = new Map<number, RequestKind>(
    Object.entries(KAFKA_REQUESTS).map(([kind, number]) => [number, kind as RequestKind]),
  )
  const proxy = await startProxy({ host, port }, ({ client, upstream, end }) => {
    /** API key and fault of each open request, by correlation id. */
    const answers = new Map<number, { readonly api: number; readonly fault: Fault | null }>()
    let answered = Promise.resolve()
    forEachFrame(client, async (frame) => {
      const [api, correlation] = [frame.readInt16BE(4), frame.readInt32BE(8)]
      const kind = kinds.get(api)
      const fault = kind === undefined ? null : faultOf(kind)
      if (fault !== null) faults.set(`${kind}: ${fault.kind}`, (faults.get(`${kind}: ${fault.kind}`) ?? 0) + 1)
      if (fault?.kind === 'stray') void repeat(frame, fault.ms)
      if (fault?.kind === 'lost request' || fault?.kind === 'stray') return end()
      if (fault?.kind === 'late request') await sleep(fault.ms)
      if (fault?.kind === 'repeated') void repeat(frame, fault.ms)
      answers.set(correlation, { api, fault })
      // Also when the client has disconnected: the request was already sent.
      if (!upstream.destroyed) upstream.write(frame)
    })
    forEachFrame(upstream, async (frame) => {
      const { api, fault } = answers.get(frame.readInt32BE(4)) ?? {}
      answers.delete(frame.readInt32BE(4))
      if (fault?.kind === 'lost answer') return end()
      if (fault?.kind === 'late answer') await sleep(fault.ms)
      if (api === METADATA || api === FIND_COORDINATOR) replaceAddress(frame)
      answered = answered.then(() => void (client.destroyed || client.write(frame)))
    })
  })
  const repeat = async (frame: Buffer, ms: number) => {
    await sleep(ms)
    const other = proxy.dial()
    other.write(frame)
    other.once('data', () => other.destroy())
  }
  const [brokerAddress, proxyAddress] = [port, proxy.port].map((number) => {
    const bytes = Buffer.alloc(4)
    bytes.writeInt32BE(number)
    return Buffer.concat([Buffer.from(host), bytes])
  }) as [Buffer, Buffer]
  /** The broker sends its address to clients, which would then bypass this proxy. */
  const replaceAddress = (frame: Buffer) => {
    for (let at = frame.indexOf(brokerAddress); at >= 0; at = frame.indexOf(brokerAddress, at + 1))
      proxyAddress.copy(frame, at)
  }
  const faultCount = () => [...faults.values()].reduce((sum, count) => sum + count, 0)
  return { brokers: [`${host}:${proxy.port}`], faults, faultCount, close: proxy.close }
}

/** Calls `handle` for each message, with its length prefix, in order. */
function forEachFrame(socket: Socket, handle: (frame: Buffer) => Promise<void>): void {
  let rest = Buffer.alloc(0)
  let handled = Promise.resolve()
  socket.on('data', (data) => {
    rest = Buffer.concat([rest, data])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const frame = Buffer.from(rest.subarray(0, 4 + rest.readInt32BE(0)))
      rest = rest.subarray(frame.length)
      handled = handled.then(() => handle(frame))
    }
  })
}
