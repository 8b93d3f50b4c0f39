import { closeSync, mkdtempSync, openSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { makeScoringThread, type ScoringThread } from '@outflow/detector/threaded-scorer'
import { expect, onTestFinished, test, vi } from 'vitest'
import { aDelivery, aKafkaRecord } from './test-builders.js'
import { startWatchdog } from './watchdog.js'

test('issue 17.20: reports a batch that occupies the event loop, with its topic, partition and offsets', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'outflow-watchdog-')), 'lines')
  const fd = openSync(file, 'a')
  const watchdog = startWatchdog(makeScoringThread(), {
    fields: { service: 'ingest', pipeline: 'flights' },
    overdueMs: 60,
    fd,
  })
  onTestFinished(async () => {
    await watchdog.close()
    closeSync(fd)
  })
  const quick = aDelivery([aKafkaRecord(1, {})], { partition: 1, partitionKey: 'flights/1' })
  watchdog.begun(quick)
  watchdog.ended(quick)
  watchdog.begun(aDelivery([aKafkaRecord(7, {}), aKafkaRecord(9, {})]))
  // Only the watchdog's thread runs meanwhile.
  while (readFileSync(file, 'utf8') === '');
  const [line] = readFileSync(file, 'utf8').split('\n')
  expect(JSON.parse(line!)).toMatchObject({
    level: 'error',
    pipeline: 'flights',
    topic: 'flights',
    partition: 0,
    firstOffset: '7',
    lastOffset: '9',
    msg: 'batch overdue',
  })
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
