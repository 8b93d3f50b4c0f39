import type { AnomalyLine } from '@outflow/store/anomalies'
import { expect, it, onTestFinished, vi } from 'vitest'
import { makeLiveFeed } from './live-feed.js'

const line = (offset: number): AnomalyLine => ({
  pipeline: 'flights',
  topic: 'flights',
  partition: 0,
  offset: BigInt(offset),
  recordTime: new Date(offset),
  eventTime: new Date(offset),
  detectedAt: new Date(offset),
  entityKey: null,
  nll: 1,
  pValue: 0.001,
  severity: 'low',
  modelId: 'm',
  provisional: false,
  topReason: null,
  fields: [],
  verdict: null,
})

const until = (isSo: () => boolean) => vi.waitUntil(isSo, { interval: 2 })

it('sends each anomaly once, also one whose transaction committed late, and none from before the subscription', async () => {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  let stored: readonly AnomalyLine[] = [line(1)]
  let polls = 0
  const readNewest = async () => {
    polls += 1
    return stored.toReversed()
  }
  const feed = makeLiveFeed({ readNewest, signal: stop.signal, onError: () => {}, everyMs: 1 })
  const reported: bigint[] = []
  const unsubscribe = feed.subscribe('flights', (found) => reported.push(...found.map(({ offset }) => offset)))
  await until(() => polls > 1)
  stored = [line(1), line(3)]
  await until(() => reported.length === 1)
  // Has a time before that of 3, and is visible after it.
  stored = [line(1), line(2), line(3), line(4)]
  await until(() => reported.length === 3)
  const seen = polls
  await until(() => polls > seen + 2)
  expect(reported).toEqual([3n, 2n, 4n])
  unsubscribe()
})

it('sends an anomaly again when its reasons are stored, also minutes later', async () => {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const found = line(Date.now() - 5 * 60_000)
  let stored: readonly AnomalyLine[] = []
  const readNewest = async ({ since }: { since: Date }) => stored.filter(({ detectedAt }) => detectedAt >= since)
  const feed = makeLiveFeed({ readNewest, signal: stop.signal, onError: () => {}, everyMs: 1 })
  const reported: (string | null)[] = []
  feed.subscribe('flights', (lines) => reported.push(...lines.map(({ topReason }) => topReason)))
  stored = [found]
  await until(() => reported.length === 1)
  stored = [{ ...found, topReason: 'carrier is odd' }]
  await until(() => reported.length === 2)
  expect(reported).toEqual([null, 'carrier is odd'])
})

it('continues when a poll fails', async () => {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const errors: string[] = []
  let polls = 0
  const readNewest = async () => {
    polls += 1
    if (polls === 2) throw new Error('unavailable')
    return polls < 3 ? [] : [line(9)]
  }
  const feed = makeLiveFeed({
    readNewest,
    signal: stop.signal,
    onError: ({ message }) => errors.push(message),
    everyMs: 1,
  })
  const reported: bigint[] = []
  feed.subscribe('flights', (found) => reported.push(...found.map(({ offset }) => offset)))
  await until(() => reported.length > 0)
  expect({ reported, errors }).toEqual({ reported: [9n], errors: ['unavailable'] })
})

it('sends no anomaly from before the subscription when the first poll fails', async () => {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  let polls = 0
  const readNewest = async () => {
    polls += 1
    if (polls === 1) throw new Error('unavailable')
    return polls < 4 ? [line(1)] : [line(2), line(1)]
  }
  const feed = makeLiveFeed({ readNewest, signal: stop.signal, onError: () => {}, everyMs: 1 })
  const reported: bigint[] = []
  feed.subscribe('flights', (found) => reported.push(...found.map(({ offset }) => offset)))
  await until(() => reported.includes(2n))
  expect(reported).toEqual([2n])
})
