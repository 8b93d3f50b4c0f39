import type { Verdict } from '@outflow/contracts/verdict'
import { openPool, type Pool } from '@outflow/store'
import { giveVerdict } from '@outflow/store/anomalies'
import type { Page, Route } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { aConsole, type ConsoleUnderTest } from './a-console.js'
import { aPage, noBrowserReason } from './console-browser.js'
import { aDatabase } from './infrastructure.js'

export const PIPELINE = 'flights'

/** Shared by the test file: stored data, a console, and a page of a browser for each test. */
export let pool: Pool
export let console: ConsoleUnderTest
export let page: Page

/** Errors of the page of a test, and its requests to other hosts. */
let complaints: string[] = []

/** Skips the tests of the file where there is no browser. Each fails for what its page complained of and it did not expect. */
export function withConsolePage(store: () => Promise<void>, options: { readonly detection?: object } = {}): void {
  beforeAll(async () => {
    if (noBrowserReason !== null) return
    const databaseUrl = await aDatabase()
    pool = openPool(databaseUrl)
    await store()
    console = await aConsole({ databaseUrl, pipeline: PIPELINE, ...options })
  })
  afterAll(async () => {
    await console?.close()
    await pool?.end()
  })
  beforeEach(async ({ skip }) => {
    skip(noBrowserReason !== null, noBrowserReason ?? '')
    ;({ page, complaints } = await aPage(() => console.url))
  })
  afterEach(async () => {
    await page?.context().close()
    expect(complaints).toEqual([])
  })
}

/** Accepts complaints of the page so far. */
export function expectComplaints(expected: RegExp): void {
  complaints.splice(0, complaints.length, ...complaints.filter((text) => !expected.test(text)))
}

/** The page is of this console from now on. */
export function useConsole(other: ConsoleUnderTest): void {
  console = other
}

/** Answers a request as a console whose database does not answer. */
export const answer503 = (route: Route) =>
  route.fulfill({ status: 503, json: { title: 'Too slow', detail: 'no answer' } })

/** Holds matching requests of the page until the returned function is called. */
export async function holdRequests(
  matching: string | RegExp,
  answer: (route: Route) => Promise<void> = (route) => route.fallback(),
): Promise<() => void> {
  let release = () => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  await page.route(matching, async (route) => {
    await released
    await answer(route)
  })
  return release
}

/** Slow machines need more than the default. */
export const soon: typeof expect.poll = (ask) => expect.poll(ask, { timeout: 30_000 })

export const PHONE = { width: 390, height: 844 }

export const rows = () => page.locator('.list-row')

/** Stores a verdict of another user on a stored anomaly. */
export const giveVerdictOn = (offset: number, verdict: Verdict) =>
  giveVerdict(pool, {
    ...{ pipeline: PIPELINE, topic: 'flights', partition: offset % 3, offset: BigInt(offset) },
    ...{ verdict, note: null, by: 'ada' },
  })

export const lastVerdict = async (): Promise<unknown> =>
  (await pool.query('select "offset", verdict, note from outflow.verdicts order by id desc limit 1')).rows[0]

export const anomalyPath = (offset: number): string =>
  `/anomalies/${encodeURIComponent(`${PIPELINE}/flights/${offset % 3}/${offset}`)}`
