import { openPool, type Pool } from '@outflow/store'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import { aConsole, type ConsoleUnderTest } from '../support/a-console.js'
import { aPage, noBrowserReason } from '../support/console-browser.js'
import { storeScores } from '../support/console-page-data.js'
import { aDatabase } from '../support/infrastructure.js'
import { storeAnomalies } from '../support/stored-anomalies.js'

const PIPELINE = 'flights'

let pool: Pool
let console: ConsoleUnderTest
let page: Page
let complaints: string[]

beforeAll(async () => {
  if (noBrowserReason !== null) return
  const databaseUrl = await aDatabase()
  pool = openPool(databaseUrl)
  await storeAnomalies(pool, { pipeline: PIPELINE, count: 500 })
  await storeScores(pool, PIPELINE)
  console = await aConsole({ databaseUrl, pipeline: PIPELINE })
})
afterAll(async () => {
  await console?.close()
  await pool?.end()
})

beforeEach(async ({ skip }) => {
  skip(noBrowserReason !== null, noBrowserReason ?? '')
  complaints = []
  page = await aPage(
    () => console.url,
    (text) => complaints.push(text),
  )
})
afterEach(async () => {
  await page?.context().close()
  expect(complaints ?? []).toEqual([])
})

/** Slow machines need more than the default. */
const soon = <T>(ask: () => T | Promise<T>) => expect.poll(ask, { timeout: 30_000 })

const spanOf = () => {
  const { searchParams } = new URL(page.url())
  return [searchParams.get('from'), searchParams.get('to')].map((time) => (time === null ? null : Date.parse(time)))
}

it('a span of scores can be chosen between two instants, at first those of the span before', async () => {
  await page.goto(`${console.url}/scores?range=6h`)
  await page.getByRole('combobox', { name: 'Time' }).selectOption('between')
  await page.getByLabel('From').waitFor()
  const [from, to] = spanOf()
  expect(to! - from!).toBe(6 * 3_600_000)
  await page.getByLabel('From').fill('')
  await soon(() => page.url()).not.toContain('from=')
  expect(await page.getByRole('combobox', { name: 'Time' }).inputValue()).toBe('between')
})

it('an instant can be typed, and back leads to the page before', async () => {
  await page.goto(`${console.url}/`)
  await page.goto(`${console.url}/?from=2026-11-30T09:00:00.000Z`)
  await page.getByLabel('From').focus()
  for (const digit of '12312025') await page.keyboard.press(digit)
  await soon(() => page.getByLabel('From').inputValue()).toMatch(/^2025-12-31T/)
  await page.goBack()
  await soon(() => page.url()).toBe(`${console.url}/`)
})
