import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { BROKEN, type PlannedMessage, planFeed } from './feed-plan.js'
import { loadFlights } from './flights.js'

const flights = loadFlights()

describe('planFeed', () => {
  const { backlog, steady } = planFeed(flights)
  const messages = [...backlog, ...steady]
  const broken = messages.filter(({ truth }) => truth?.startsWith(BROKEN))

  it('sends every flight, and the broken messages in addition', () => {
    expect(messages).toHaveLength(20_020)
    expect(steady).toHaveLength(4_000)
    expect(broken).toHaveLength(20)
    expect(messages.filter(({ truth }) => truth !== null && !truth.startsWith(BROKEN))).toHaveLength(100)
  })

  it('contains messages with ten faults, spread over both parts', () => {
    expect(new Set(broken.map(({ truth }) => truth)).size).toBe(10)
    expect(broken.some((message) => steady.includes(message))).toBe(true)
    expect(Math.max(...broken.map(({ value }) => value?.length ?? 0))).toBeGreaterThan(2 * 1024 ** 2)
  })

  it('keys every message by its origin', () => {
    for (const { key, value, truth } of messages) {
      if (truth === null) expect(JSON.parse(String(value)).origin).toBe(key)
    }
  })

  it('gives the same plan for the same flights', () => {
    const again = planFeed(flights)
    expect(digest([...again.backlog, ...again.steady])).toBe(digest(messages))
  })
})

function digest(messages: readonly PlannedMessage[]): string {
  const hash = createHash('sha256')
  for (const { key, value, truth } of messages) hash.update(`${key}|${truth}|`).update(value ?? '')
  return hash.digest('hex')
}
