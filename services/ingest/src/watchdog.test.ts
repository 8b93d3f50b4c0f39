import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { MessageChannel } from 'node:worker_threads'
import { makeScoringThread, type ScoringThread } from '@outflow/detector/threaded-scorer'
import { expect, onTestFinished, test, vi } from 'vitest'
import { aDelivery, aKafkaRecord } from './test-builders.js'
import { run } from './watch-batches.js'
import { startWatchdog } from './watchdog.js'

/** A watchdog, and a function that returns its lines. */
function watching(overdueMs: number, thread: Pick<ScoringThread, 'run'> = makeScoringThread()) {
  const file = join(mkdtempSync(join(tmpdir(), 'outflow-watchdog-')), 'lines')
  const fd = openSync(file, 'a')
  const watchdog = startWatchdog(thread, { fields: { pipeline: 'flights' }, overdueMs, fd })
  onTestFinished(async () => {
    await watchdog.close()
    closeSync(fd)
  })
  return { watchdog, lines: () => readFileSync(file, 'utf8').split('\n').slice(0, -1) }
}

test('issue 17.20: reports a batch that occupies the event loop, with its topic, partition and offsets', () => {
  const { watchdog, lines } = watching(60)
  const quick = aDelivery([aKafkaRecord(1, {})], { partition: 1, partitionKey: 'flights/1' })
  watchdog.begun(quick)
  watchdog.ended(quick)
  watchdog.begun(aDelivery([aKafkaRecord(7, {}), aKafkaRecord(9, {})]))
  // Only the watchdog's thread runs meanwhile.
  while (lines().length === 0);
  expect(JSON.parse(lines()[0]!)).toMatchObject({
    level: 'error',
    pipeline: 'flights',
    topic: 'flights',
    partition: 0,
    firstOffset: '7',
    lastOffset: '9',
    msg: 'batch overdue',
  })
})

test('does not report a batch that is being retried, which the log states, until a retry hangs (an outage of Postgres was reported twice)', async () => {
  vi.useFakeTimers({ toFake: ['hrtime', 'setInterval', 'clearInterval'] })
  vi.advanceTimersByTime(1)
  const { port1, port2 } = new MessageChannel()
  run(port2)
  const { watchdog, lines } = watching(30_000, { run: () => ({ port: port1, end: async () => port1.close() }) })
  onTestFinished(() => void vi.useRealTimers())
  const delivery = aDelivery([aKafkaRecord(7, {})])
  watchdog.begun(delivery)
  // Until the program has received the partition.
  while (lines().length === 0) {
    vi.advanceTimersByTime(1_000)
    await setImmediate()
  }
  watchdog.begun(delivery)
  for (let attempt = 1; attempt <= 20; attempt++) {
    vi.advanceTimersByTime(5_000)
    watchdog.retried(delivery)
  }
  vi.advanceTimersByTime(29_000)
  expect(lines()).toHaveLength(1)
  vi.advanceTimersByTime(1_000)
  expect(lines().map((line) => JSON.parse(line).tookMs)).toEqual([expect.any(Number), 130_000])
})

/** A thread whose programs do nothing. */
const idle: Pick<ScoringThread, 'run'> = {
  run: () => ({ port: new MessageChannel().port1, end: async () => {} }),
}

test('issue 17.24: the check fails while a batch is overdue, and its detail has the oldest', async () => {
  vi.useFakeTimers({ toFake: ['hrtime'] })
  vi.advanceTimersByTime(1)
  const watchdog = startWatchdog(idle, { fields: {} })
  onTestFinished(async () => {
    vi.useRealTimers()
    await watchdog.close()
  })
  const stuck = aDelivery([aKafkaRecord(7, {})])
  const other = aDelivery([aKafkaRecord(2, {})], { partition: 1, partitionKey: 'flights/1' })
  expect(watchdog.check()).toEqual({ ok: true, detail: 'all are written' })
  watchdog.begun(stuck)
  vi.advanceTimersByTime(29_000)
  watchdog.begun(other)
  expect(watchdog.check()).toMatchObject({ ok: true })
  vi.advanceTimersByTime(1_000)
  const detail = expect.stringMatching(
    /^the batch of flights\/0 from offset 7 has been under way for 30 s; .*schema fetch retried/,
  )
  expect(watchdog.check()).toEqual({ ok: false, detail })
  watchdog.ended(stuck)
  expect(watchdog.check()).toMatchObject({ ok: true })
  watchdog.ended(other)
  expect(watchdog.check()).toEqual({ ok: true, detail: 'all are written' })
})
