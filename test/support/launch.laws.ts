import type { Infrastructure } from '@outflow/launcher'
import { expect, it } from 'vitest'
import { withClient } from './postgres-client.js'

/** Tests for every launch, in containers and embedded. */
export function launchLaws(launched: () => Infrastructure): void {
  it('issue 17.11: listens on the loopback interface only', () => {
    const { kafka, postgres } = launched()
    expect(kafka.brokers.join()).toMatch(/^127\.0\.0\.1:\d+$/)
    expect(new URL(postgres.url).hostname).toBe('127.0.0.1')
  })

  it.each(['stop', 'kill'] as const)('keeps committed data of Postgres over %s and start', async (how) => {
    const { url, control } = launched().postgres
    await query(url, `create table kept_over_${how} as select 42 as answer`)
    await control![how]()
    await expect(query(url, 'select 1')).rejects.toThrow()
    await control!.start()
    expect(await query(url, `select answer from kept_over_${how}`)).toEqual([{ answer: 42 }])
  })
}

export const query = (url: string, text: string): Promise<readonly unknown[]> =>
  withClient(url, async (client) => (await client.query(text)).rows)
