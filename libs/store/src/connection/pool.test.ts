import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { StoreUnavailable } from './errors.js'
import { postgresCheck } from './migrate.js'
import { openPool } from './pool.js'

/** A message of Postgres' protocol. @see PostgreSQL manual, "Message Formats" */
function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4)
  length.writeInt32BE(body.length + 4)
  return Buffer.concat([Buffer.from(type), length, body])
}

const AUTHENTICATED = message('R', Buffer.alloc(4))
const READY = message('Z', Buffer.from('I'))
const TERMINATED = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'))

test('a server that shuts down right after its greeting is StoreUnavailable, and does not end the process', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(Buffer.concat([AUTHENTICATED, READY, TERMINATED])))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const pool = openPool(`postgres://outflow@127.0.0.1:${port}/outflow`)
  try {
    const uncaught: unknown[] = []
    const note = (error: unknown) => uncaught.push(error)
    process.once('uncaughtException', note)
    await expect(postgresCheck(pool)).rejects.toBeInstanceOf(StoreUnavailable)
    const client = await pool.connect().catch(() => null)
    client?.release(true)
    process.off('uncaughtException', note)
    expect(uncaught).toEqual([])
  } finally {
    await pool.end()
    server.close()
  }
})

test('an outage is reported once, however many idle connections break (each was reported)', async () => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => {
      socket.write(Buffer.concat([AUTHENTICATED, READY]))
      socket.on('data', () => socket.write(Buffer.concat([message('C', Buffer.from('SET\0')), READY])))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const reported = vi.fn()
  const { port } = server.address() as AddressInfo
  const pool = openPool(`postgres://outflow@127.0.0.1:${port}/outflow`, { onError: reported })
  try {
    for (let outage = 1; outage <= 2; outage++) {
      const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()])
      for (const client of clients) client.release()
      for (const socket of sockets) socket.end(TERMINATED)
      sockets.clear()
      await vi.waitFor(() => expect(pool.totalCount).toBe(0))
      expect(reported).toHaveBeenCalledTimes(outage)
    }
  } finally {
    await pool.end()
    server.close()
  }
})
