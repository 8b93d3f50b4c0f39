import { describe, expect, it } from 'vitest'
import { violationsOn } from '../support/console-browser.js'
import {
  console,
  lastVerdict,
  PHONE,
  PIPELINE,
  page,
  pool,
  rows,
  soon,
  withConsolePage,
} from '../support/console-page.js'
import { storePages } from '../support/console-page-data.js'
import { storeAnomalies } from '../support/stored-anomalies.js'

withConsolePage(
  async () => {
    await storePages(20_000)
    await pool.query('analyze outflow.anomalies')
  },
  { detection: { alertRate: 0.05 } },
)

const readSoFar = async () => Number.parseInt((await page.locator('.list-foot').textContent())!.replace(',', ''), 10)
const scrollList = (top: string) =>
  page.evaluate(`{ const list = document.querySelector('.list'); list.scrollTo({ top: ${top} }) }`)

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
    await lanes
      .getByRole('button', { name: /^airport-\d+, / })
      .first()
      .click()
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

  it.each([1_024, 768])(
    'fits a window of %d pixels with the most columns (it scrolled sideways, to how rare and the verdict)',
    async (width) => {
      await page.setViewportSize({ width, height: 800 })
      await page.goto(`${console.url}/?column=delay&column=note&column=a&column=b`)
      await soon(() => rows().count()).toBeGreaterThan(10)
      expect(await page.evaluate(`document.querySelector('.list').scrollWidth`)).toBe(width)
    },
  )

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
