import { EventEmitter } from 'node:events'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { listen } from './listen.js'

test('a lost connection is reported once, however many attempts fail before the listener is connected again', async () => {
  const attempts: { end: boolean }[] = []
  const errors: string[] = []
  let checked!: () => void
  const connected = new Promise<void>((resolve) => {
    checked = resolve
  })
  const listener = listen({
    url: 'postgres://127.0.0.1:1/none',
    pipeline: 'flights',
    pollMs: 600_000,
    checks: { outflow_models: () => checked() },
    onError: ({ code }) => errors.push(code),
    makeClient: () => {
      const attempt = { end: false }
      const isUp = attempts.push(attempt) === 3
      const client = {
        connect: async () => {
          if (!isUp) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
        },
        query: async () => undefined,
        end: async () => {
          attempt.end = true
        },
      }
      return Object.assign(new EventEmitter(), client) as unknown as pg.Client
    },
  })
  await connected
  await listener.close()
  expect(errors).toEqual(['OUTFLOW_STORE_UNAVAILABLE'])
  expect(attempts).toEqual([{ end: true }, { end: true }, { end: true }])
})
