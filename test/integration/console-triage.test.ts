import { expect, it } from 'vitest'
import { beginPartition } from '../support/begin-partition.js'
import {
  anomalyPath,
  answer503,
  console,
  expectComplaints,
  giveVerdictOn,
  holdRequests,
  PHONE,
  PIPELINE,
  page,
  pool,
  rows,
  soon,
  withConsolePage,
} from '../support/console-page.js'
import { storeAnomalies } from '../support/stored-anomalies.js'

const STORED = 8

/** The verdicts on an anomaly, in the order in which they were stored. */
async function stored(offset: number): Promise<string> {
  const { rows } = await pool.query('select verdict from outflow.verdicts where "offset" = $1 order by id', [offset])
  return rows.map(({ verdict }) => verdict).join(', ')
}

interface Rejected {
  readonly pipeline: string
  readonly topic?: string
  readonly partition?: number
  readonly count?: number
  readonly key?: string
}

/** Stores dead letters of records without a value, which were rejected now. */
async function storeDeadLetters({ pipeline, topic = 'flights', partition = 0, count = 1, key }: Rejected) {
  await pool.query(
    `insert into outflow.dead_letters (pipeline, topic, partition, "offset", reason, detail, record_time, message_key)
     select $1, $2, $3, i, 'empty', 'the message has no value', now(), $5 from generate_series(1, $4) as i`,
    [pipeline, topic, partition, count, key],
  )
}

withConsolePage(async () => {
  await storeAnomalies(pool, { pipeline: PIPELINE, count: STORED })
  await beginPartition(pool, { pipeline: PIPELINE, topic: 'flights' })
  await beginPartition(pool, { pipeline: 'other', topic: 'flights' })
})

it('steps from anomaly to anomaly beyond the first page of the list', async () => {
  let readsOn = false
  await page.route('**/api/anomalies?*', (route) => {
    const url = route.request().url()
    if (url.includes('cursor=') && !readsOn) return answer503(route)
    return route.continue({ url: url.replace('limit=100', 'limit=3') })
  })
  await page.goto(`${console.url}/`)
  // With the detail, which names a way out, such as a shorter span (the foot had the title alone).
  await page.getByText('Too slow: no answer').waitFor()
  await page.getByRole('button', { name: 'Try again' }).waitFor()
  readsOn = true
  await rows().first().click()

  const step = async () => {
    await page.keyboard.press('j')
    return page.url()
  }

  await soon(step).toBe(console.url + anomalyPath(STORED - 1))
  expectComplaints(/status of 503/)
})

it('stores one verdict while its key is held', async () => {
  await page.goto(`${console.url}${anomalyPath(1)}`)
  await page.getByRole('button', { name: 'Confirmed' }).waitFor()
  await page.keyboard.down('c')
  await page.keyboard.down('c')
  await page.keyboard.up('c')
  await page.keyboard.press('f')
  const verdicts = () => page.locator('.panel').first().getByRole('listitem').allTextContents()
  await soon(async () => (await verdicts())[0] ?? '').toContain('false alarm')
  expect(await verdicts()).toHaveLength(2)
})

it('stores one verdict when its key is pressed twice, and the next one after it', async () => {
  let pressed = Promise.resolve()
  let release = () => {}
  const hold = () => {
    pressed = new Promise((resolve) => {
      release = resolve
    })
  }
  // On a slow network, the first verdict would arrive last.
  await page.route('**/verdicts', async (route) => {
    if (route.request().postData()!.includes('confirmed')) await pressed
    await route.continue()
  })
  hold()
  await page.goto(`${console.url}${anomalyPath(4)}`)
  await page.getByRole('button', { name: 'Confirmed' }).waitFor()
  for (const key of 'ccff') await page.keyboard.press(key)
  release()
  await page.locator('h1 .badge', { hasText: 'false alarm' }).waitFor()
  expect(await stored(4)).toBe('confirmed, false_alarm')

  await page.goto(`${console.url}/?pipeline=${PIPELINE}&key=airport-5`)
  hold()
  const row = rows()
  await row.focus()
  for (const key of 'cce') await page.keyboard.press(key)
  release()
  await row.filter({ hasText: 'expected' }).waitFor()
  expect(await stored(5)).toBe('confirmed, expected')
})

it('stores one verdict when its key is pressed twice within a second of another verdict (it was stored twice)', async () => {
  const given = (verdict: string) => page.getByText(`airport-0: ${verdict}`).waitFor()
  await page.clock.install()
  await page.goto(`${console.url}${anomalyPath(0)}`)
  await page.getByRole('button', { name: 'Confirmed' }).waitFor()
  await page.clock.pauseAt(Date.now() + 60_000)
  await page.keyboard.press('c')
  await given('confirmed')
  await page.clock.runFor(900)
  await page.keyboard.press('e')
  await given('expected')
  await page.clock.runFor(200)

  for (const key of 'ef') await page.keyboard.press(key)

  await given('false alarm')
  expect(await stored(0)).toBe('confirmed, expected, false_alarm')
})

it('shows once that the pipeline of a link does not exist, and offers the others', async () => {
  await page.goto(`${console.url}/?pipeline=flihgts`)
  await page.getByText('There is no pipeline flihgts').waitFor()
  expect(await page.getByRole('alert').count()).toBe(0)
  await page.getByLabel('Pipeline').selectOption(PIPELINE)
  await rows().first().waitFor()
})

it('shows values far below 1 around an anomaly with their digits', async () => {
  const band = { value: 0.000312, low: 0.000298, high: 0.000333 }
  const records = ['5', '6', '7'].map((offset) => ({ offset, bands: [band] }))
  await page.route('**/around', (route) =>
    route.fulfill({ json: { headers: [], isCutShort: false, fields: ['grams'], records } }),
  )
  await page.goto(`${console.url}${anomalyPath(6)}`)
  await page.getByRole('button', { name: 'Read from Kafka' }).click()
  await page.locator('.chart .u-over').last().hover()
  await soon(() => page.locator('.u-legend').last().textContent()).toMatch(/0\.000298.*0\.000333.*0\.000312/)
})

it('cuts a text that runs from right to left at its end', async () => {
  const key = 'مدينة '.repeat(40)
  await pool.query(`update outflow.anomalies set entity_key = $1 where "offset" = 0`, [key])
  await page.goto(`${console.url}/?pipeline=${PIPELINE}`)
  await rows().first().waitFor()
  const [start, right] = await page.evaluate<[number, number]>(`{
    const cell = document.querySelector('.list-row .key')
    const first = document.createRange()
    first.setStart(cell.firstChild, 0)
    first.setEnd(cell.firstChild, 1)
    ;[first.getBoundingClientRect().right, cell.getBoundingClientRect().right]
  }`)
  expect(start).toBeLessThanOrEqual(right + 1)
})

it('cuts a value of a megabyte: the verdict was far below it on a phone', async () => {
  await pool.query(
    `update outflow.anomalies set record = jsonb_build_object('log', repeat('x', 1000000)) where "offset" = 2`,
  )
  await page.goto(`${console.url}${anomalyPath(2)}`)
  await page.getByText('… (1,000,000 characters)').waitFor()
})

it('names the anomaly whose verdict was not stored', async () => {
  await page.route('**/verdicts', (route) => route.abort())
  await page.goto(`${console.url}${anomalyPath(1)}`)
  await page.getByRole('button', { name: 'Confirmed' }).waitFor()
  await page.keyboard.press('c')
  await page.getByText('airport-1: the verdict was not stored').waitFor()
  expectComplaints(/ERR_FAILED/)
})

it('shows in the list the verdict of another user that the page of the anomaly has shown', async () => {
  await pool.query(`update outflow.anomalies set detected_at = now() - interval '1 day' where "offset" = 6`)
  await page.goto(`${console.url}/?pipeline=${PIPELINE}&key=airport-6`)
  const row = rows()
  await row.waitFor()
  await giveVerdictOn(6, 'expected')
  await row.click()
  await page.locator('h1 .badge').waitFor()
  await page.keyboard.press('u')
  await row.filter({ hasText: 'expected' }).waitFor()
})

it('names the verdict of another user that is replaced by one of a page that does not show it', async () => {
  await page.goto(`${console.url}${anomalyPath(7)}`)
  await page.getByRole('button', { name: 'Confirmed' }).waitFor()
  await giveVerdictOn(7, 'expected')

  await page.keyboard.press('c')

  await page.getByText('airport-7: confirmed (before: expected by ada)').waitFor()
})

it('has no link to the page of a model that is gone', async () => {
  await page.goto(`${console.url}${anomalyPath(1)}`)
  await page.getByText('gone since').waitFor()
  expect(await page.getByRole('link', { name: /^model-/ }).count()).toBe(0)
})

it('does not report a retry when the list could not be read', async () => {
  await page.clock.install()
  await page.route('**/api/anomalies?*', () => {}) // the third request is never answered
  await page.route('**/api/anomalies?*', answer503, { times: 2 })
  await page.goto(`${console.url}/`)
  await page.getByText('Too slow').waitFor()

  const failedAgain = page.waitForEvent('console', (message) => message.text().includes('status of 503'))
  await page.clock.runFor(5_000)
  await failedAgain

  expect(await page.locator('.header .live').textContent()).toBe('')
  expectComplaints(/status of 503/)
})

it('is not live before the first page has been read', async () => {
  await page.clock.install()
  await page.route('**/api/anomalies?*', () => {}) // never answers
  await page.goto(`${console.url}/`)
  await page.getByText('Reading anomalies').waitFor()

  await page.clock.runFor(5_000)

  expect(await page.locator('.header .live').textContent()).toBe('')
})

it('shows the history of a key that is a segment of a path', async () => {
  await pool.query(`update outflow.anomalies set entity_key = '..' where "offset" = 3`)

  await page.goto(console.url + anomalyPath(3))

  await page.getByText('1 anomaly, 0 confirmed').waitFor()
})

it('neither reads the lag nor resends the dead letters of a pipeline of another configuration', async () => {
  await storeDeadLetters({ pipeline: 'other' })

  await page.goto(`${console.url}/health?pipeline=other`)

  await page.getByText('the message has no value').waitFor()
  await page.getByText('The console of its configuration reads it.').waitFor()
  expect(await page.getByText('Kafka did not answer').count()).toBe(0)
  expect(await page.getByRole('checkbox').count()).toBe(0)
})

it('shows the key of a dead letter without a value (it showed "no value" alone)', async () => {
  await storeDeadLetters({ pipeline: 'other', partition: 1, key: 'airport-7' })

  await page.goto(`${console.url}/health?pipeline=other`)
  await page.locator('summary', { hasText: 'no value' }).click()

  await page.getByText('key airport-7').waitFor()
})

it('limits the selection of dead letters to those that one request may resend (the request was rejected)', async () => {
  await storeDeadLetters({ pipeline: PIPELINE, count: 501 })
  await page.route('**/api/dead-letters?*', (route) =>
    route.continue({ url: route.request().url().replace('limit=50', 'limit=500') }),
  )
  await page.goto(`${console.url}/health?pipeline=${PIPELINE}`)
  await page.getByRole('button', { name: 'Older ones' }).click()
  await soon(() => page.getByRole('checkbox').count()).toBe(501)
  await page.evaluate(`(async () => {
    for (const box of document.querySelectorAll('main input[type=checkbox]')) {
      box.click()
      await new Promise((rendered) => setTimeout(rendered))
    }
  })()`)

  await page.getByRole('button', { name: 'Resend 500 (the most at once)' }).waitFor()
  expect(await page.getByRole('checkbox', { disabled: true }).count()).toBe(1)
})

it('resends no dead letter while a page of them is read (the pages between were missing after it)', async () => {
  await page.route('**/api/dead-letters?*', (route) =>
    route.continue({ url: route.request().url().replace('limit=50', 'limit=1') }),
  )
  const answer = await holdRequests('**/api/dead-letters?*cursor=*')
  await storeDeadLetters({ pipeline: PIPELINE, partition: 1, count: 3 })
  await page.goto(`${console.url}/health?pipeline=${PIPELINE}`)
  await page.getByRole('checkbox').check()
  const resend = page.getByRole('button', { name: 'Resend 1' })
  await soon(() => resend.isEnabled()).toBe(true)
  await page.getByRole('button', { name: 'Older ones' }).click()

  await soon(() => resend.isEnabled()).toBe(false)
  answer()
  await soon(() => resend.isEnabled()).toBe(true)
})

it('closes the verdict on all with its filters (it opened again for the anomalies of the page before)', async () => {
  await page.goto(`${console.url}/?pipeline=${PIPELINE}&severity=high`)
  await page.locator('button.lane-name', { hasText: 'airport-2' }).click()
  await page.getByRole('button', { name: 'Verdict on all' }).click()
  await page.getByRole('dialog').waitFor()

  await page.goBack()

  await page.getByRole('button', { name: 'Verdict on all' }).waitFor()
  expect(await page.getByRole('dialog').count()).toBe(0)
})

it('leads from an anomaly to the list of its pipeline (after Back, to that of another one)', async () => {
  await page.goto(`${console.url}/?pipeline=${PIPELINE}&key=airport-1`)
  await rows().first().click()
  await page.getByRole('heading', { name: 'airport-1' }).first().waitFor()
  await page.getByLabel('Pipeline').selectOption('other')
  await page.getByText('No anomaly so far').waitFor()
  await page.goBack()

  await page.getByRole('link', { name: '← Anomalies' }).click()

  await soon(() => page.url()).toContain(`pipeline=${PIPELINE}`)
})

it('breaks long values in cards and facts (the page was wider than a phone, and a table hid its other columns)', async () => {
  const long = 'x'.repeat(200)
  await storeDeadLetters({ pipeline: 'other', topic: long })
  await pool.query(
    `insert into outflow.suppressions (pipeline, entity, zone, expires_at, why, created_by)
     values ('other', 'airport-7', 'UTC', now() + interval '1 day', 'known', $1)`,
    [long],
  )
  await pool.query(
    `update outflow.anomalies set reasons = jsonb_set(reasons, '{0,field}', to_jsonb($1::text)) where "offset" = 4`,
    [long],
  )
  const hidden = (selector: string) =>
    page.evaluate<number>(
      `Math.max(...[...document.querySelectorAll('${selector}')].map((box) => box.scrollWidth - box.clientWidth))`,
    )
  await page.goto(`${console.url}/suppressions?pipeline=other`)
  await page.getByText('airport-7').first().waitFor()
  expect(await hidden('main')).toBe(0)
  await page.route('**/api/health?*', async (route) => {
    const health = await (await route.fetch()).json()
    await route.fulfill({ json: { ...health, lag: [{ topic: long, partition: 0, lag: 5, offset: '7' }] } })
  })
  await page.goto(`${console.url}/health?pipeline=other`)
  await page.getByText('the message has no value').first().waitFor()
  await page.getByRole('region', { name: 'Lag' }).getByRole('table').waitFor()
  expect(await hidden('.wide-table')).toBe(0)

  await page.setViewportSize(PHONE)
  expect(await hidden('.wide-table')).toBe(0)
  await page.goto(`${console.url}/health?pipeline=other`)
  await page.getByText('the message has no value').first().waitFor()
  expect(await hidden('.wide-table')).toBe(0)
  await page.goto(console.url + anomalyPath(4))
  await page.getByText('Scores in numbers').click()
  expect(await hidden('main')).toBe(0)
})
