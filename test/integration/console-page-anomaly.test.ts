import { describe, expect, it } from 'vitest'
import { violationsOn } from '../support/console-browser.js'
import {
  anomalyPath,
  console,
  expectComplaints,
  giveVerdictOn,
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

withConsolePage(() => storePages(2_000))

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
    await pool.query(`update outflow.anomalies set entity_key = U&'airport \\202E 42' where "offset" = 1205`)
    await giveVerdictOn(1205, 'confirmed')
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

  it('states that its alert is in a group that is sent when it closes (it read "Sent" before that)', async () => {
    await pool.query(
      `insert into outflow.unsent_alerts (pipeline, topic, partition, "offset", because, group_id)
       values ($1, 'flights', 1, 10, 'quiet', 'flights/flights/1/10/group')`,
      [PIPELINE],
    )
    await page.goto(console.url + anomalyPath(10))
    await page.getByText('In the group flights/flights/1/10/group, which is sent when it closes.').waitFor()
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
    // The days were reached by the mouse only.
    const history = page.getByRole('region', { name: 'History of airport-6' })
    await history.getByText('The same as a table').press('Enter')
    // After midnight the anomalies of the last minutes are on two days.
    const counted = async () => (await history.locator('details td').allTextContents()).map(Number)
    await soon(async () => (await counted()).reduce((sum, count) => sum + count, 0)).toBe(20)
    const day = history.locator('details').getByRole('link').last()
    expect(await day.getAttribute('href')).toMatch(/key=airport-6&from=.*&to=/)
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
    await soon(() => page.url()).not.toContain('verdict=')
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

it('issue 17.9: shows why reasons cannot be computed, and no command to compute them', async () => {
  await pool.query(`update outflow.anomalies set reasons = null where "offset" = 11`)
  await page.goto(console.url + anomalyPath(11))
  await page.getByText('No reasons can be computed: model model-1, which').waitFor()
  expect(await page.locator('main').textContent()).not.toMatch(/outflow explain|command that explains/)
  await page.goto(console.url + anomalyPath(12))
  await page.getByRole('button', { name: 'Copy the command that explains it' }).waitFor()
})
