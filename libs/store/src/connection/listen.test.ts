import { EventEmitter } from 'node:events'
import type pg from 'pg'
import { expect, test } from 'vitest'
import { StoredValueDamaged } from './errors.js'
import { listen } from './listen.js'

/** A client without a server. */
const aClient = (methods: { connect?: () => Promise<void>; end?: () => Promise<void> } = {}) =>
  Object.assign(new EventEmitter(), {
    connect: async () => {},
    query: async () => undefined,
    end: async () => {},
    ...methods,
  }) as unknown as pg.Client

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
      return aClient({
        connect: async () => {
          if (!isUp) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
        },
        end: async () => {
          attempt.end = true
        },
      })
    },
  })
  await connected
  await listener.close()
  expect(errors).toEqual(['OUTFLOW_STORE_UNAVAILABLE'])
  expect(attempts).toEqual([{ end: true }, { end: true }, { end: true }])
})

test('a check that fails on every connection is reported once (it was reported every second)', async () => {
  const errors: string[] = []
  let checks = 0
  let checked!: () => void
  const succeeded = new Promise<void>((resolve) => {
    checked = resolve
  })
  const listener = listen({
    url: 'postgres://127.0.0.1:1/none',
    pipeline: 'flights',
    pollMs: 600_000,
    checks: {
      outflow_models: () => {
        checks += 1
        if (checks < 3) throw new StoredValueDamaged('a recalibration does not match its schema')
        checked()
      },
    },
    onError: ({ code }) => errors.push(code),
    makeClient: () => aClient(),
  })
  await succeeded
  await listener.close()
  expect(errors).toEqual(['OUTFLOW_STORE_VALUE_DAMAGED'])
})
