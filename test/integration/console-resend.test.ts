import { writeBatch } from '@outflow/store/batch'
import type { OutboxMessage } from '@outflow/store/outbox'
import { ensureTopics, makeKafka } from '@outflow/streams'
import { expect, onTestFinished, test, vi } from 'vitest'
import { aConsole, withTokens } from '../support/a-console.js'
import { pool, url } from '../support/a-pool.js'
import { beginPartition } from '../support/begin-partition.js'
import { aPage, noBrowserReason, violationsOn } from '../support/console-browser.js'
import { aName } from '../support/infrastructure.js'
import { sendMessages } from '../support/topic-writer.js'

const TOKEN = 'an-operator-token'
const SENT_AT = Date.now()
/** By offset: valid now, still invalid, no longer on the dead-letter topic, cut there, and still in the outbox. */
const VALUES = ['{"delay":3}', '{"delay":"late"}', null, null, null] as const

test('issue 20: dead letters are selected and resent on the health page, each once', { timeout: 240_000 }, async () => {
  const pipeline = aName('resend')
  const console = await aConsole({ databaseUrl: url, pipeline, console: withTokens({ operator: TOKEN }) })
  onTestFinished(() => console.close())
  const topic = `${pipeline}-source`
  const letters = VALUES.map((_, offset) => ({ topic, partition: 0, offset: String(offset) }))
  await storeLetters()
  await sendLetters()

  const warned = vi.fn()
  process.on('warning', warned)
  onTestFinished(() => void process.off('warning', warned))
  const resend = (positions: readonly object[]) =>
    console.ask('/api/dead-letters/resend', { method: 'POST', token: TOKEN, body: JSON.stringify({ positions }) })
  const { status, body } = await resend(letters.slice(1))
  expect(status).toBe(200)
  expect(body).toMatchObject({
    queued: [],
    stillInvalid: [{ position: `${topic}/0/1`, reason: 'wrong_type' }],
    gone: [`${topic}/0/2`],
    cut: [`${topic}/0/3`],
    unsent: [`${topic}/0/4`],
  })
  expect(warned).not.toHaveBeenCalled()
  expect((await resend([{ ...letters[0], offset: '77' }])).status).toBe(404)
  if (noBrowserReason !== null) return

  const { page, complaints } = await aPage(() => console.url)
  let answersList = true
  await page.route('**/api/dead-letters?*', (route) =>
    answersList ? route.continue({ url: route.request().url().replace('limit=50', 'limit=2') }) : route.abort(),
  )
  await page.goto(`${console.url}/health?pipeline=${pipeline}`)
  await page.getByLabel('Token').fill(TOKEN)
  await page.getByRole('button', { name: 'Log in' }).click()
  await page.getByRole('checkbox', { name: `Select ${topic}/0/0` }).check()
  await page.getByRole('button', { name: 'Resend 1' }).click()
  answersList = false
  await page.getByRole('dialog').getByRole('button', { name: 'Resend' }).click()
  await page.getByText('1 will be resent').waitFor()
  // It read the second page, below the first one as it was before the resend.
  const tryAgain = page.getByRole('button', { name: 'Try again' })
  await tryAgain.waitFor()
  answersList = true
  await tryAgain.click()
  await page.getByRole('checkbox', { name: `Select ${topic}/0/0` }).waitFor({ state: 'detached' })
  expect(await violationsOn(page)).toEqual([])
  // The request before the login, and the list that was not answered.
  expect(complaints.filter((text) => !/status of 401|ERR_FAILED/.test(text))).toEqual([])

  expect((await resend(letters.slice(0, 1))).body).toMatchObject({ queued: [], before: [`${topic}/0/0`] })
  const { rows } = await pool.query(`select payload, partition from outflow.outbox where kind = 'resent'`)
  expect(rows).toEqual([{ payload: Buffer.from(VALUES[0]), partition: 0 }])
  const audited = await pool.query('select action, outcome from analyst.audit')
  expect(audited.rows).toContainEqual({ action: 'resend dead letters', outcome: 'done' })

  async function storeLetters(): Promise<void> {
    await beginPartition(pool, { pipeline, topic, partition: 0 })
    await storeBatch(0, VALUES.slice(0, 4), [])
    await storeBatch(4, VALUES.slice(4), [
      { kind: 'dead_letter', topic: console.config.deadLetters.topic, key: null, payload: null, headers: [] },
    ])
  }

  async function storeBatch(first: number, values: readonly (string | null)[], outbox: OutboxMessage[]): Promise<void> {
    const [expectedOffset, nextOffset] = [BigInt(first), BigInt(first + values.length)]
    await writeBatch(pool, {
      ...{ pipeline, topic, partition: 0, expectedOffset, nextOffset, received: values.length, scored: 0 },
      ...{ anomalies: [], outbox, scores: [] },
      deadLetters: values.map((value, at) => ({
        ...{
          offset: BigInt(first + at),
          recordTimeMs: SENT_AT,
          reason: 'wrong_type' as const,
          detail: 'no number',
          key: null,
        },
        value: value === null ? null : Buffer.from(value),
      })),
    })
  }

  /** As the alerts service sends them: two whole, and one cut. */
  async function sendLetters(): Promise<void> {
    const deadLetters = console.config.deadLetters.topic
    await ensureTopics(
      makeKafka(console.config.kafka),
      [deadLetters, topic].map((name) => ({ topic: name, partitions: 1 })),
    )
    await sendMessages(
      console.config.kafka.brokers,
      deadLetters,
      [0, 1, 3].map((offset) => ({
        key: null,
        value: VALUES[offset]!,
        headers: Object.entries({
          ...{ topic, partition: 0, offset, timestamp: SENT_AT },
          ...(offset === 3 && { withheld: 'the value, 2000000 bytes' }),
        }).map(([name, value]) => [`outflow.${name}`, Buffer.from(String(value))] as const),
      })),
    )
  }
})
