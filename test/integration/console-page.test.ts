import { createHash } from 'node:crypto'
import { giveVerdict } from '@outflow/store/anomalies'
import { beat } from '@outflow/store/health-events'
import { activeModelId } from '@outflow/store/models'
import { listSuppressions } from '@outflow/store/suppressions'
import { describe, expect, it } from 'vitest'
import { aConsole } from '../support/a-console.js'
import { beginPartition } from '../support/begin-partition.js'
import { violationsOn } from '../support/console-browser.js'
import {
  anomalyPath,
  console,
  expectComplaints,
  PIPELINE,
  page,
  pool,
  soon,
  useConsole,
  withConsolePage,
} from '../support/console-page.js'
import { storeModels, storeScores } from '../support/console-page-data.js'
import { storeAnomalies } from '../support/stored-anomalies.js'

const STORED = 20_000
const PHONE = { width: 390, height: 844 }

withConsolePage(
  async () => {
    await storeAnomalies(pool, { pipeline: PIPELINE, count: STORED })
    await pool.query('analyze outflow.anomalies')
    await storeModels(pool, PIPELINE)
    await storeScores(pool, PIPELINE)
    // A name of the largest length: the choice of pipelines made all pages wider than a phone.
    await beginPartition(pool, { pipeline: 'p'.repeat(63), topic: 'flights' })
    await pool.query(
      `update outflow.anomalies set model_id = 'now' where "offset" between 900 and 1499`, // ten minutes
    )
  },
  { detection: { alertRate: 0.05 } },
)

const rows = () => page.locator('.list-row')
const readSoFar = async () => Number.parseInt((await page.locator('.list-foot').textContent())!.replace(',', ''), 10)
const scrollList = (top: string) =>
  page.evaluate(`{ const list = document.querySelector('.list'); list.scrollTo({ top: ${top} }) }`)
const lastVerdict = async (): Promise<unknown> =>
  (await pool.query('select "offset", verdict, note from outflow.verdicts order by id desc limit 1')).rows[0]

describe('the list', () => {
  it('shows the newest of 20,000 first, reads more while scrolling, and renders the rows in view', async () => {
    await page.goto(`${console.url}/`)
    await soon(() => rows().first().textContent()).toContain('airport-0')
    for (let i = 0; i < 12; i += 1) {
      const before = await readSoFar()
      await scrollList('list.scrollHeight')
      await soon(readSoFar).toBeGreaterThan(before)
    }
    expect(await readSoFar()).toBeGreaterThan(1_000)
    expect(await rows().count()).toBeLessThan(100)
  })

  it('keeps its filters in the URL: they remain after a reload, and back undoes them', async () => {
    await page.goto(`${console.url}/`)
    await page.getByRole('button', { name: /^high/ }).click()
    await page.getByLabel('Search records').fill('late 47')
    await soon(() => page.url()).toContain('severity=high&text=late+47')
    await page.reload()
    await soon(() => rows().first().textContent()).toContain('airport-47')
    expect(await page.getByLabel('Search records').inputValue()).toBe('late 47')
    await page.goBack()
    await soon(() => page.url()).not.toContain('severity')
    await page.getByLabel('Search records').fill('there is no such record')
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    await soon(() => rows().count()).toBeGreaterThan(10)
  })

  it('shows new anomalies at the top without a reload, and holds them back when they would move the visible rows', async () => {
    await page.goto(`${console.url}/`)
    await soon(() => rows().count()).toBeGreaterThan(10)
    await soon(() => page.locator('.header .live').textContent()).toBe('Live')
    const added = { pipeline: PIPELINE, count: 1 }
    await storeAnomalies(pool, { ...added, firstOffset: 200_042 })
    await soon(() => rows().first().textContent()).toContain('airport-42')

    await scrollList('1000')
    const inView = () =>
      page.evaluate<string>(`{
        const { left, top } = document.querySelector('.list').getBoundingClientRect()
        document.elementFromPoint(left + 300, top + 60).closest('.list-row').id
      }`)
    const before = await inView()
    await storeAnomalies(pool, { ...added, firstOffset: 200_043 })
    await page.getByRole('button', { name: 'Show 1 new' }).waitFor()
    expect(await inView()).toBe(before)
    await page.keyboard.press('.')
    await soon(() => rows().first().textContent()).toContain('airport-43')
  })

  it('shows a new anomaly of an older record in the order of time, not at the top', async () => {
    await page.goto(`${console.url}/`)
    await soon(() => rows().count()).toBeGreaterThan(10)
    await pool.query(
      `insert into outflow.anomalies (pipeline, topic, partition, "offset", record_time, event_time, entity_key, record, nll,
         p_value, p_upper, severity, reasons, model_id, detected_at)
       select pipeline, name, 0, 0, now() - age, now(), name, record, nll, p_value, p_upper, severity, reasons, model_id, now()
       from outflow.anomalies, (values ('resent', interval '1 hour'), ('fresh', interval '0')) as added (name, age)
       where "offset" = 7 and topic = 'flights'`,
    )
    await soon(() => rows().first().textContent()).toContain('fresh')
    expect(await page.locator('.list-row', { hasText: 'resent' }).count()).toBe(0)
    await pool.query(`delete from outflow.anomalies where topic in ('resent', 'fresh')`)
  })

  it('shows the reasons of an anomaly as soon as they are stored', async () => {
    await page.goto(`${console.url}/`)
    await soon(() => page.locator('.header .live').textContent()).toBe('Live')
    await pool.query(
      `insert into outflow.anomalies (pipeline, topic, partition, "offset", record_time, event_time, entity_key, record, nll,
         p_value, p_upper, severity, model_id, detected_at)
       select pipeline, 'late', 0, 0, now(), now(), 'late', record, nll, p_value, p_upper, severity, model_id, now()
       from outflow.anomalies where "offset" = 7`,
    )
    const late = page.locator('.list-row', { hasText: 'without reasons yet' })
    await late.waitFor()
    await pool.query(
      `update outflow.anomalies as late set reasons = other.reasons
       from outflow.anomalies as other where late.topic = 'late' and other.topic = 'flights' and other."offset" = 7`,
    )
    await late.waitFor({ state: 'detached' })
    await soon(() => rows().first().textContent()).toContain('carrier is odd')
  })

  it('works by keys: down, open, verdict, and back to the same row', async () => {
    await page.goto(`${console.url}/?key=airport-5`)
    await soon(() => rows().count()).toBeGreaterThan(10)
    for (const key of ['j', 'j', 'j', 'k']) await page.keyboard.press(key)
    await soon(() => page.locator('.list-row:focus').getAttribute('id')).toContain('/105')
    await page.keyboard.press('f')
    await soon(lastVerdict).toMatchObject({ offset: '105', verdict: 'false_alarm' })
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'airport-5' }).waitFor()
    await page.keyboard.press('n')
    await page.keyboard.type('runway works')
    await page.keyboard.press('Tab')
    await page.keyboard.press('e')
    await soon(lastVerdict).toMatchObject({ offset: '105', verdict: 'expected', note: 'runway works' })
    // issue 17.13: the history of the entity counts the verdict immediately.
    await page.keyboard.press('c')
    await page.getByText(/\d+ anomalies, 1 confirmed/).waitFor()
    await page.keyboard.press('j')
    await soon(() => page.url()).toContain('205')
    await page.keyboard.press('u')
    await soon(() => page.locator('.list-row.selected').getAttribute('id')).toContain('/205')
    expect(page.url()).toContain('key=airport-5')
  })

  it('shows the anomalies by time: a click on a cell, a field or a drag over time narrows the list, and back undoes it', async () => {
    await page.goto(`${console.url}/?range=24h`)
    const lanes = page.getByRole('region', { name: 'Anomalies by time' })
    await lanes.locator('.cell').first().click()
    await soon(() => page.url()).toMatch(/key=airport-\d+/)
    await soon(() => page.url()).toMatch(/from=.*to=/)
    // With one entity, the lanes are its fields.
    await lanes
      .getByRole('button', { name: /^(delay|distance|date|carrier)/ })
      .first()
      .waitFor()
    await page.goBack()
    await soon(() => page.url()).not.toContain('key=')

    await page
      .locator('.field-facets')
      .getByRole('button', { name: /^carrier/ })
      .click()
    await soon(() => page.url()).toContain('field=carrier')
    await soon(() => rows().first().textContent()).toContain('carrier is odd')
    const box = (await lanes.locator('.lane-total .cells').boundingBox())!
    await page.mouse.move(box.x + box.width - 200, box.y + 10)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width - 60, box.y + 10, { steps: 3 })
    await page.mouse.up()
    await soon(() => page.url()).toMatch(/from=.*to=/)
    await page.getByLabel('Compare with the period before').check()
    await soon(() => page.locator('.facets-total .change').count()).toBe(1)
    // The same span on the page of scores.
    const { searchParams } = new URL(page.url())
    await page.getByRole('link', { name: 'Scores' }).click()
    await soon(() => new URL(page.url()).searchParams.get('from')).toBe(searchParams.get('from'))
  })

  it('gives one verdict on all anomalies of the filters', async () => {
    await page.goto(`${console.url}/?key=airport-13`)
    await page.getByRole('button', { name: 'Verdict on all' }).click()
    await page.getByRole('radio', { name: 'expected' }).check()
    await page.getByLabel(/^Note/).fill('snow in Denver')
    await page.getByRole('button', { name: 'Give it' }).click()
    await page.getByText('200 anomalies: expected').waitFor()
    await soon(() => rows().first().textContent()).toContain('expected')
    await soon(lastVerdict).toMatchObject({ verdict: 'expected', note: 'snow in Denver' })
  })

  it('issue 20: shows chosen fields of the records as columns, and on a phone in a line of their own', async () => {
    await page.goto(`${console.url}/?key=airport-5`)
    await soon(() => rows().count()).toBeGreaterThan(10)
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('checkbox', { name: 'delay' }).check()
    await soon(() => page.url()).toContain('column=delay')
    await page.getByRole('checkbox', { name: 'note' }).check()
    expect(await violationsOn(page)).toEqual([])
    await page.getByRole('button', { name: 'Close' }).click()
    const first = () => rows().first().locator('.value')
    await soon(() => first().allTextContents()).toEqual(['delay 5', 'note late 5'])
    expect(await page.locator('.list-head .column').allTextContents()).toEqual(['delay', 'note'])
    const head = (await page.locator('.list-head').boundingBox())!
    expect((await rows().first().boundingBox())!.y).toBeGreaterThanOrEqual(head.y + head.height)
    await page.reload()
    await soon(() => first().count()).toBe(2)
    await page.setViewportSize(PHONE)
    await soon(() => first().first().locator('.value-name').isVisible()).toBe(true)
    expect(await violationsOn(page)).toEqual([])
    await page.getByRole('button', { name: /^Filters/ }).click()
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('checkbox', { name: 'note' }).uncheck()
    await page.getByRole('button', { name: 'Close' }).click()
    await soon(() => first().allTextContents()).toEqual(['delay 5'])
  })

  it('keeps a dialog to read open at Enter on a check box (it was closed)', async () => {
    await page.goto(`${console.url}/`)
    await page.getByRole('button', { name: 'Keys and help' }).click()
    const close = page.getByRole('dialog').getByRole('button', { name: 'Close' })
    await close.waitFor()
    // Firefox submits a form at Enter on a check box; Chromium does not.
    await page.evaluate(`document.querySelector('dialog form').requestSubmit()`)
    await page.evaluate(`new Promise(requestAnimationFrame)`)
    expect(await close.count()).toBe(1)
    await close.press('Enter')
    await soon(() => close.count()).toBe(0)
  })

  it('ignores single keys when they are turned off, and while text is typed', async () => {
    await page.goto(`${console.url}/`)
    await page.getByLabel('Search records').fill('')
    await page.keyboard.type('j?')
    expect(await page.getByLabel('Search records').inputValue()).toBe('j?')
    await page.getByRole('button', { name: 'Keys and help' }).click()
    await page.getByLabel('Single keys do something').uncheck()
    await page.getByRole('button', { name: 'Close' }).click()
    await page.keyboard.press('4')
    expect(new URL(page.url()).pathname).toBe('/')
  })
})

describe('one anomaly', () => {
  it('shows its record as text, whatever it contains', async () => {
    await page.goto(console.url + anomalyPath(7))
    await soon(() => page.locator('table.record').textContent()).toContain('<img src=x onerror=alert(1)>')
    expect(await page.locator('img').count()).toBe(0)
    expect(await page.locator('.reasons .field').allTextContents()).toEqual(['carrier', 'origin'])
    await page.getByRole('heading', { name: 'Similar before' }).waitFor()
    await soon(() => page.locator('.anomaly-links a').count()).toBeGreaterThan(5)
  })

  it('breaks a long key on a phone (the heading was cut)', async () => {
    await pool.query(`update outflow.anomalies set entity_key = repeat('m', 480) where "offset" = 1203`)
    await page.setViewportSize(PHONE)
    await page.goto(console.url + anomalyPath(1203))
    await page.getByRole('heading', { name: 'History of mmm' }).waitFor()
    expect(await page.evaluate(`document.querySelector('main').scrollWidth`)).toBeLessThanOrEqual(PHONE.width)
  })

  it('shows the values of a counterfactual although the name of the field is long (they were out of view)', async () => {
    const changes = [{ field: 'l'.repeat(200), from: 1, to: 2 }]
    const counterfactual = { changes, nll: 1, text: 'normal with 2 instead of 1' }
    await pool.query(`update outflow.anomalies set counterfactual = $1 where "offset" = 1206`, [counterfactual])
    await page.goto(console.url + anomalyPath(1206))
    await page.locator('.counterfactual ins').waitFor()
    for (const width of [1_280, PHONE.width]) {
      await page.setViewportSize({ width, height: PHONE.height })
      const hidden = `{ const { scrollWidth, clientWidth } = document.querySelector('.counterfactual .wide-table'); scrollWidth - clientWidth }`
      await soon(() => page.evaluate<number>(hidden)).toBe(0)
    }
  })

  it('shows what follows a key in its own direction (U+202E in a key reversed it)', async () => {
    const at = { pipeline: PIPELINE, topic: 'flights', partition: 1205 % 3, offset: 1205n }
    await pool.query(`update outflow.anomalies set entity_key = U&'airport \\202E 42' where "offset" = 1205`)
    await giveVerdict(pool, { ...at, verdict: 'confirmed', note: null, by: 'ada' })
    await page.goto(console.url + anomalyPath(1205))
    await page.locator('h1 .badge').waitFor()
    const [keyEnd, badgeStart] = await page.evaluate<[number, number]>(`{
      const key = document.createRange()
      key.selectNodeContents([...document.querySelector('h1').childNodes].find((node) => node.textContent.includes(' 42')))
      const rectangles = [key, document.querySelector('h1 .badge')].map((shown) => shown.getBoundingClientRect())
      ;[rectangles[0].right, rectangles[1].left]
    }`)
    expect(badgeStart).toBeGreaterThanOrEqual(keyEnd)
  })

  it('shows the state of its alert, and links to a rule that hides similar alerts', async () => {
    await page.goto(console.url + anomalyPath(9))
    await page.getByText('Not held back').waitFor()
    await page.getByRole('button', { name: 'Copy link' }).waitFor()
    await page.getByRole('link', { name: 'Hide alerts like this' }).click()
    await page.getByText('Hides: airport-9, where distance is above normal').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
    await soon(() => page.url()).not.toContain('add=')
    await page.goto(console.url + anomalyPath(9))
    await page.getByRole('link', { name: 'List and give one verdict' }).click()
    await soon(() => page.url()).toContain('key=airport-9&field=distance')
    await page.getByRole('button', { name: 'Verdict on all' }).waitFor()
    await page.goto(console.url + anomalyPath(9))
    await page.getByRole('link', { name: 'What else happened then' }).click()
    await soon(() => page.url()).toMatch(/from=.*to=/)
    await soon(() => rows().count()).toBeGreaterThan(1)
  })

  it('issue 20: the 90 days of its key have the events of the pipeline; those that would overlap are one mark', async () => {
    await pool.query(
      `insert into outflow.model_changes (pipeline, action, model_id, made_by, why, made_at)
       select $1, 'promote', 'long ago', 'test', 'why', now() - make_interval(days => days)
       from unnest(array[30, 60, 61]) as days`,
      [PIPELINE],
    )
    // The history is drawn if it has two days.
    await pool.query(`update outflow.anomalies set record_time = record_time - interval '1 day' where "offset" = 1006`)
    await page.goto(console.url + anomalyPath(6))
    const marks = page.getByRole('region', { name: 'History of airport-6' }).locator('.mark')
    // The last one is of the stored models.
    await soon(() => marks.allTextContents()).toEqual(['2', 'M', expect.anything()])
    expect(await violationsOn(page)).toEqual([])
    await marks.first().click()
    await soon(() => page.url()).toMatch(/from=.*to=/)
    await soon(() => page.locator('.lane-marks .mark').allTextContents()).toEqual(['M', 'M'])
    await pool.query(`delete from outflow.model_changes where model_id = 'long ago'`)
  })

  it('issue 20: a link fills in a verdict, which one click stores', async () => {
    const stored = async () => (await pool.query('select count(*)::int as n from outflow.verdicts')).rows[0].n
    const before = await stored()
    await page.goto(`${console.url}${anomalyPath(10)}?verdict=false_alarm`)
    const form = page.getByRole('dialog', { name: 'Verdict on airport-10' })
    await form.waitFor()
    expect(await form.getByRole('radio', { name: 'false alarm' }).isChecked()).toBe(true)
    expect(await violationsOn(page)).toEqual([])
    expect(await stored()).toBe(before)
    await form.getByRole('button', { name: 'Give it' }).click()
    await form.waitFor({ state: 'detached' })
    expect(await lastVerdict()).toMatchObject({ offset: '10', verdict: 'false_alarm', note: null })
    expect(page.url()).not.toContain('verdict=')
    await page.reload()
    await page.getByText('false alarm', { exact: true }).first().waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
  })

  it('explains why a deleted one is not found', async () => {
    await page.goto(console.url + anomalyPath(999_999))
    await page.getByRole('alert').waitFor()
    expect(await page.getByRole('alert').textContent()).toContain('999999')
    expectComplaints(/404/)
  })
})

describe('what an operator changes', () => {
  it('rolls a model back and promotes another when a reason is given, and shows why that is not possible', async () => {
    await page.goto(`${console.url}/models`)
    await page.getByRole('button', { name: 'Roll back' }).click()
    await page.getByLabel(/^Why/).fill('floods the night shift')
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click()
    await soon(() => activeModelId(pool, PIPELINE)).toBe('before')
    await page.getByText('The previous model is active again.').waitFor()
    await promote('damaged')
    await page.getByRole('dialog').getByRole('alert').waitFor()
    expect(await activeModelId(pool, PIPELINE)).toBe('before')
    expectComplaints(/status of [45]\d\d/)

    await promote('now')
    await soon(() => activeModelId(pool, PIPELINE)).toBe('now')
    await soon(() => page.getByRole('heading', { level: 1 }).textContent()).toContain('active')
  })

  it('shows what changed with a model: decisions, fields and facts', async () => {
    await page.goto(`${console.url}/models/now`)
    await page.getByText('900 records for the fit and its calibration, 100 held out').waitFor()
    await page
      .getByText('Of 100 held-out records, 6 are anomalies under both models, 5 under this model alone')
      .waitFor()
    const distance = page.getByRole('row', { name: /^distance/ })
    const shares = await pool.query(
      `select round(per_million)::int as share from analyst.model_fields where model_id = 'now' and field = 'distance'`,
    )
    const share = shares.rows[0].share.toLocaleString('en')
    await soon(() => distance.locator('td').allTextContents()).toEqual([share, '–'])
    await page.getByLabel('Compare with').selectOption('damaged')
    await page.getByRole('main').getByRole('alert').waitFor()
    expectComplaints(/status of 409/)
    await page.getByLabel('Compare with').selectOption('before')
    await page.getByText('Normal records of before are 0 nats less likely to this model').waitFor()
    await page.getByRole('rowheader', { name: 'state' }).waitFor()
    expect(page.url()).toContain('with=before')
  })

  it('shows the precision by week, field, severity and model', async () => {
    for (const [offset, verdict] of [
      [20, 'confirmed'],
      [24, 'false_alarm'],
    ] as const) {
      await giveVerdict(pool, {
        ...{ pipeline: PIPELINE, topic: 'flights', partition: offset % 3, offset: BigInt(offset) },
        ...{ verdict, note: null, by: 'test' },
      })
    }
    await page.goto(`${console.url}/models`)
    const precision = page.getByRole('region', { name: 'Precision' })
    await precision.getByLabel('Grouped').selectOption('by field')
    const delay = precision.getByRole('row', { name: /^delay/ })
    await soon(() => delay.locator('td').allTextContents()).toEqual(['50 %', '9 % to 91 %', '1', '1', '0'])
    await precision.getByRole('link', { name: 'delay' }).click()
    await soon(() => page.url()).toContain('field=delay')
  })

  it('offers calibration records of the active model, and stores their labels', async () => {
    await page.goto(`${console.url}/models`)
    const calibration = page.getByRole('region', { name: 'Label calibration records' })
    await calibration.getByText('kind crate, grams 900000').first().waitFor()
    await calibration.getByRole('button', { name: `Anomaly: ${PIPELINE}/flights/9/0` }).click()
    await calibration.getByText('1 labelled, 1 confirmed').waitFor()
    await calibration.getByRole('button', { name: `Normal: ${PIPELINE}/flights/9/1` }).click()
    await calibration.getByText('2 labelled, 1 confirmed').waitFor()
    expect(await lastVerdict()).toMatchObject({ offset: '1', verdict: 'false_alarm' })
  })

  async function promote(id: string): Promise<void> {
    await page.goto(`${console.url}/models/${id}`)
    await page.getByRole('button', { name: 'Promote' }).click()
    await page.getByLabel(/^Why/).fill('better after all')
    const sent = page.waitForRequest(/\/promote$/)
    await page.getByRole('dialog').getByRole('button', { name: 'Promote' }).click()
    expect((await sent).postDataJSON()).toEqual({ pipeline: PIPELINE, reason: 'better after all' })
  }

  it('adds a rule that hides alerts, and removes it', async () => {
    await page.goto(`${console.url}/suppressions`)
    await page.getByRole('button', { name: 'Add a rule' }).click()
    await page.getByLabel('Key', { exact: true }).fill('airport-7')
    await page.getByLabel('Least likely field').fill('delay')
    await page.getByLabel('Its value is').selectOption('above')
    await page.getByLabel('Why').fill('known since Monday')
    await page.getByRole('button', { name: 'Hide them' }).click()
    await page.getByRole('rowheader', { name: 'airport-7, where delay is above normal' }).waitFor()
    expect(await listSuppressions(pool, { pipeline: PIPELINE })).toMatchObject([
      { entity: 'airport-7', field: 'delay', direction: 'above', range: null, why: 'known since Monday' },
    ])
    await page.getByRole('button', { name: /^Remove/ }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click()
    await page.getByText('No rules').waitFor()
    expect(await listSuppressions(pool, { pipeline: PIPELINE })).toEqual([])
  })
})

describe('scores', () => {
  it('are drawn with the threshold, enlarged by a drag, and listed in a table', async () => {
    await page.goto(`${console.url}/scores?range=1h`)
    const chart = page.getByRole('img', { name: /^Percentiles of the score/ })
    await chart.waitFor()
    expect(await chart.getAttribute('aria-label')).toContain('30,000 records, 300 anomalies (1 %)')
    expect(await page.getByText(/A record is an anomaly from [\d.]+ nats/).count()).toBe(1)
    await page.getByText('The same as a table').click()
    expect(await page.locator('details tbody tr').count()).toBe(30)
    const box = (await chart.boundingBox())!
    await page.mouse.move(box.x + box.width - 200, box.y + 100)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width - 60, box.y + 100, { steps: 3 })
    await page.mouse.up()
    await soon(() => page.url()).toMatch(/from=.*to=/)
  })
})

const VIEWS = ['/', anomalyPath(8), '/scores', '/models', '/models/now', '/health', '/suppressions'] as const

it.each(VIEWS)('%s is accessible (axe: WCAG A and AA), light and dark, and fits a phone', async (path) => {
  await page.goto(console.url + path)
  await shown()
  expect(await violationsOn(page)).toEqual([])
  await page.setViewportSize(PHONE)
  const widest = () =>
    page.evaluate<number>(`Math.max(...['html', 'main'].map((name) => document.querySelector(name).scrollWidth))`)
  await soon(widest).toBeLessThanOrEqual(PHONE.width)
  // issue 17.13: only main scrolls; content that is hidden inside it must not make the document taller than the screen.
  const tallest = () => page.evaluate<number>(`document.documentElement.scrollHeight`)
  await soon(tallest).toBeLessThanOrEqual(PHONE.height)
})

/** Resolves when all requests of the page are done. */
async function shown(): Promise<void> {
  await page.locator('main h1').first().waitFor({ state: 'attached' })
  await soon(() => page.locator('main .spinner').count()).toBe(0)
}

it('issue 17.9: shows why reasons cannot be computed, and no command to compute them', async () => {
  await pool.query(`update outflow.anomalies set reasons = null where "offset" = 11`)
  await page.goto(console.url + anomalyPath(11))
  await page.getByText('No reasons can be computed: model model-1, which').waitFor()
  expect(await page.locator('main').textContent()).not.toMatch(/outflow explain|command that explains/)
  await page.goto(console.url + anomalyPath(12))
  await page.getByRole('button', { name: 'Copy the command that explains it' }).waitFor()
})

it('issue 17.7: shows why a pipeline has no model', async () => {
  await beat(pool, { pipeline: 'mistyped', service: 'trainer', waitingFor: 'training window: $.amout is absent' })
  try {
    await page.goto(`${console.url}/health?pipeline=mistyped`)
    await page.getByText('No model: training window: $.amout is absent').waitFor()
  } finally {
    await pool.query(`delete from outflow.heartbeats where pipeline = 'mistyped'`)
  }
})

describe('a console with a login', () => {
  /** A console that gives `a token` this role. */
  const aGuardedConsole = (role: 'reader' | 'analyst') => {
    const user = { name: 'rita', role, sha256: createHash('sha256').update('a token').digest('hex') }
    return aConsole({
      databaseUrl: console.config.postgres.url,
      pipeline: PIPELINE,
      console: { authentication: { tokens: [user] } },
    })
  }

  it('accepts a token, shows the actions of the role, and logs out', async () => {
    const open = console
    const guarded = await aGuardedConsole('reader')
    try {
      useConsole(guarded)
      await page.goto(guarded.url + anomalyPath(8))
      await page.getByLabel('Token').fill('another token')
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.getByRole('alert').waitFor()
      await page.getByLabel('Token').fill('a token')
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.getByText('You are logged in as reader').waitFor()
      expect(await page.getByRole('button', { name: 'Confirmed' }).count()).toBe(0)
      await page.route(/api\/session$/, (route) => route.abort())
      await page.getByRole('button', { name: 'Log out' }).click()
      await page.getByText('You are still logged in.').waitFor()
      await page.unrouteAll()
      await page.getByRole('button', { name: 'Log out' }).click()
      await page.getByLabel('Token').waitFor()
    } finally {
      await page.close() // before the console: a page without its console reports refused requests
      useConsole(open)
      await guarded.close()
    }
    expectComplaints(/status of 401|ERR_FAILED/)
  })

  it('keeps a note that is typed while the login ends, until it is stored (it was lost)', async () => {
    const open = console
    const guarded = await aGuardedConsole('analyst')
    const logIn = async () => {
      await page.getByLabel('Token').fill('a token')
      await page.getByRole('button', { name: 'Log in' }).click()
    }
    const note = page.getByLabel(/^Note/)
    try {
      useConsole(guarded)
      await page.goto(guarded.url + anomalyPath(13))
      await logIn()
      await note.fill('the belt was replaced')
      await page.context().clearCookies()
      await page.getByRole('button', { name: 'Confirmed' }).click()
      await logIn()
      await soon(() => note.inputValue()).toBe('the belt was replaced')
      await page.getByRole('button', { name: 'Confirmed' }).click()
      await soon(lastVerdict).toMatchObject({ offset: '13', verdict: 'confirmed', note: 'the belt was replaced' })
      await page.locator('.said', { hasText: 'the belt was replaced' }).waitFor()
      await page.goto(`${guarded.url}${anomalyPath(13)}?verdict=expected`)
      const form = page.getByRole('dialog')
      expect(await form.getByLabel(/^Note/).inputValue()).toBe('')
      await form.getByLabel(/^Note/).fill('as every winter')
      await page.context().clearCookies()
      await form.getByRole('button', { name: 'Give it' }).click()
      await logIn()
      await form.getByRole('button', { name: 'Give it' }).click()
      await soon(lastVerdict).toMatchObject({ offset: '13', verdict: 'expected', note: 'as every winter' })
    } finally {
      await page.close()
      useConsole(open)
      await guarded.close()
    }
    expectComplaints(/status of 401/)
  })
})

describe('a console that stops', () => {
  it('is reported until the console answers again', async () => {
    await page.goto(`${console.url}/`)
    await soon(() => page.locator('.header .live').textContent()).toBe('Live')
    const { url, config } = console
    await console.close()
    await soon(() => page.locator('.header .live').textContent()).toMatch(/^Connection lost/)
    useConsole(
      await aConsole({ databaseUrl: config.postgres.url, pipeline: PIPELINE, port: Number(new URL(url).port) }),
    )
    await soon(() => page.locator('.header .live').textContent()).toBe('Live')
    // Chromium's reports of a console that stops: its open stream, requests in progress, one that it answered while it closed, and later ones.
    expectComplaints(
      /ERR_(INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|CONNECTION_RESET|CONNECTION_REFUSED)|the server responded with a status of 503/,
    )
  })
})
