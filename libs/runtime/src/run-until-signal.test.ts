import { EventEmitter, once } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Log } from './log.js'
import { runUntilSignal, type SignalSource } from './run-until-signal.js'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function aProcess() {
  const source = Object.assign(new EventEmitter(), { exit: vi.fn<(code: number) => void>() })
  const written: string[] = []
  const write = (fields: unknown, message?: string) => void written.push(message ?? String(fields))
  const log = { debug: write, info: write, warn: write, error: write } as unknown as Log
  return { source: source as typeof source & SignalSource, log, written }
}

test('returns 0 when the service ends without a signal, and removes its listeners', async () => {
  const { source, log } = aProcess()
  expect(await runUntilSignal(async () => {}, { log, source })).toBe(0)
  expect(source.listenerCount('SIGTERM') + source.listenerCount('SIGINT')).toBe(0)
})

test('SIGHUP, as of a terminal that is closed, drains like SIGTERM (it ended the process without a log line, also with nohup)', async () => {
  const { source, log, written } = aProcess()
  const running = runUntilSignal((signal) => once(signal, 'abort').then(() => {}), { log, source })
  expect(source.emit('SIGHUP', 'SIGHUP')).toBe(true)
  expect(await running).toBe(0)
  expect(written).toEqual(['shutdown requested', 'service stopped'])
  expect(source.listenerCount('SIGHUP')).toBe(0)
})

test('SIGHUP at each line of a log whose reader has ended does not end the drain', async () => {
  const { source, log } = aProcess()
  void runUntilSignal(() => new Promise(() => {}), { log, source })
  source.emit('SIGINT', 'SIGINT')
  await vi.advanceTimersByTimeAsync(5_000)
  source.emit('SIGHUP', 'SIGHUP')
  expect(source.exit).not.toHaveBeenCalled()
})

test('SIGTERM aborts the signal, and the run ends after the drain', async () => {
  const { source, log, written } = aProcess()
  let drained = false
  const running = runUntilSignal(
    async (signal) => {
      await once(signal, 'abort')
      await new Promise((resolve) => setTimeout(resolve, 9_000))
      drained = true
    },
    { log, source },
  )
  source.emit('SIGTERM', 'SIGTERM')
  await vi.advanceTimersByTimeAsync(9_000)
  expect(await running).toBe(0)
  expect(drained).toBe(true)
  expect(source.exit).not.toHaveBeenCalled()
  expect(written).toEqual(['shutdown requested', 'service stopped'])
})

test('a drain that overruns ends the process with 1 and an error in the log', async () => {
  const { source, log, written } = aProcess()
  void runUntilSignal(() => new Promise(() => {}), { log, source })
  source.emit('SIGTERM', 'SIGTERM')
  await vi.advanceTimersByTimeAsync(10_000)
  expect(source.exit).toHaveBeenCalledWith(1)
  expect(written).toContain('shutdown overran')
})

test('a second Ctrl-C ends the process at once; a duplicate of the first does not', () => {
  const { source, log } = aProcess()
  void runUntilSignal(() => new Promise(() => {}), { log, source })
  source.emit('SIGINT', 'SIGINT')
  source.emit('SIGINT', 'SIGINT')
  expect(source.exit).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1_001)
  source.emit('SIGINT', 'SIGINT')
  expect(source.exit).toHaveBeenCalledWith(1)
})

test('returns 1 when the service throws, and logs the error', async () => {
  const { source, log, written } = aProcess()
  expect(await runUntilSignal(() => Promise.reject(new Error('disk full')), { log, source })).toBe(1)
  expect(written).toEqual(['service failed'])
})
