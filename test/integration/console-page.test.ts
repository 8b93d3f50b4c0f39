import { beat } from '@outflow/store/health-events'
import { activeModelId } from '@outflow/store/models'
import { listSuppressions } from '@outflow/store/suppressions'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findFreePort } from '../../infra/launcher/src/free-port.js'
import { aConsole, withTokens } from '../support/a-console.js'
import { beginPartition } from '../support/begin-partition.js'
import { violationsOn } from '../support/console-browser.js'
import {
  anomalyPath,
  answer503,
  console,
  expectComplaints,
  giveVerdictOn,
  holdRequests,
  lastVerdict,
  PHONE,
  PIPELINE,
  page,
  pool,
  soon,
  useConsole,
  withConsolePage,
} from '../support/console-page.js'
import { storePages } from '../support/console-page-data.js'

withConsolePage(
  async () => {
    await storePages(2_000)
    // A name of the largest length: the choice of pipelines made all pages wider than a phone.
    await beginPartition(pool, { pipeline: 'p'.repeat(63), topic: 'flights' })
    await pool.query(
      `update outflow.anomalies set model_id = 'now' where "offset" between 900 and 1499`, // ten minutes
    )
  },
  { detection: { alertRate: 0.05 } },
)

describe('what an operator changes', () => {
  it('rolls a model back and promotes another when a reason is given, and shows why that is not possible', async () => {
    await page.goto(`${console.url}/models`)
    await page.getByRole('button', { name: 'Roll back' }).click()
    await page.getByLabel(/^Why/).fill('floods the night shift')
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click()
    await soon(() => activeModelId(pool, PIPELINE)).toBe('before')
    await page.getByText('The previous model is active again.').waitFor()
    // It was rolled_back.
    await page.getByRole('row', { name: /^now/ }).getByText('rolled back').waitFor()
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
    // Both were 0.
    const anomalyShares = page.getByRole('row', { name: /^anomaly share/ }).locator('td')
    expect(await anomalyShares.allTextContents()).toEqual(['0.0012', '0.001'])
    expect(page.url()).toContain('with=before')
  })

  it('shows the decisions of two models only below the names of both (those of the model before were shown below the next)', async () => {
    await page.goto(`${console.url}/models/now`)
    await page.getByText('3 under before alone').waitFor()
    const answer = await holdRequests('**/difference?*')

    await page.getByLabel('Compare with').selectOption('damaged')

    await page.getByText('Reading both models').waitFor()
    expect(await page.getByText('under damaged alone').count()).toBe(0)
    answer()
    await page.getByRole('main').getByRole('alert').waitFor()
    expectComplaints(/status of 409/)
  })

  it('compares a promoted model again (it was listed with its state before)', async () => {
    await page.goto(`${console.url}/models/before`)
    await page.getByLabel('Compare with').selectOption('now')
    const state = page.getByRole('row', { name: /^state/ }).locator('td')
    await soon(() => state.allTextContents()).toEqual(['retired', 'active'])
    await promoteShown()
    await soon(() => state.allTextContents()).toEqual(['active', 'retired'])
    await promote('now')
    await soon(() => activeModelId(pool, PIPELINE)).toBe('now')
  })

  it('shows that models and calibration records could not be read (their sections were missing)', async () => {
    for (const [path, api, name] of [
      ['/models', '**/api/calibration-records?*', 'Label calibration records'],
      ['/models/now', '**/api/models?*', 'What changed'],
    ] as const) {
      await page.route(api, answer503, { times: 1 })
      await page.goto(console.url + path)
      const section = page.getByRole('region', { name })
      await section.getByText('Too slow').waitFor()
      await section.getByRole('button', { name: 'Try again' }).click()
      await section.getByRole('table').first().waitFor()
    }
    expectComplaints(/status of 503/)
  })

  it('shows the precision by week, field, severity and model', async () => {
    await giveVerdictOn(20, 'confirmed')
    await giveVerdictOn(24, 'false_alarm')
    await page.goto(`${console.url}/models`)
    const precision = page.getByRole('region', { name: 'Precision' })
    await precision.getByLabel('Grouped').selectOption('by field')
    // The URL is the state (a reload, and the way back from an anomaly, showed the weeks).
    await page.reload()
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

  it('offers the calibration records of the active model only (after a rollback, those of the model before)', async () => {
    await page.goto(`${console.url}/models`)
    const calibration = page.getByRole('heading', { name: 'Label calibration records' })
    await calibration.waitFor()
    await page.getByRole('button', { name: 'Roll back' }).click()
    await page.getByLabel(/^Why/).fill('floods the night shift')
    await page.getByRole('dialog').getByRole('button', { name: 'Roll back' }).click()
    await calibration.waitFor({ state: 'detached' })
    await promote('now')
    await soon(() => activeModelId(pool, PIPELINE)).toBe('now')
  })

  async function promote(id: string): Promise<void> {
    await page.goto(`${console.url}/models/${id}`)
    await promoteShown()
  }

  async function promoteShown(): Promise<void> {
    await page.getByRole('button', { name: 'Promote' }).click()
    await page.getByLabel(/^Why/).fill('better after all')
    const sent = page.waitForRequest(/\/promote$/)
    await page.getByRole('dialog').getByRole('button', { name: 'Promote' }).click()
    expect((await sent).postDataJSON()).toEqual({ pipeline: PIPELINE, reason: 'better after all' })
  }

  it('reports that an action failed whose dialog was closed meanwhile (nothing was shown)', async () => {
    await page.goto(`${console.url}/models`)
    await page.getByRole('button', { name: 'Retrain now' }).click()
    const answer = await holdRequests('**/api/retrain', answer503)
    await page.getByRole('dialog').getByRole('button', { name: 'Retrain' }).click()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    answer()
    await page.getByText(`“Retrain ${PIPELINE} now?” failed. Too slow: no answer`).waitFor()
    expectComplaints(/status of 503/)
  })

  it('adds a rule that hides alerts, and removes it', async () => {
    await page.goto(`${console.url}/suppressions`)
    await page.getByRole('button', { name: 'Add a rule' }).click()
    await page.getByLabel('Key', { exact: true }).fill('airport-7')
    await page.getByLabel('Least likely field').fill('delay')
    await page.getByLabel('Its value is').selectOption('above')
    await page.getByLabel('Why').fill('known since Monday')
    await page.getByRole('button', { name: 'Hide them' }).click()
    await page.getByRole('rowheader', { name: 'airport-7, where delay is above normal' }).waitFor()
    // As after Cancel; it was lost.
    await soon(() => page.locator('button:focus').textContent()).toBe('Add a rule')
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
    expect(await page.getByText(/A record is an anomaly above [\d.]+ nats/).count()).toBe(1)
    await page.getByText('The same as a table').click()
    expect(await page.locator('details tbody tr').count()).toBe(30)
    // The name of a row was broken into three lines on a phone.
    expect(await page.locator('details tbody tr').first().locator('time').getAttribute('title')).toMatch(/Z \(UTC\)$/)
    const box = (await chart.boundingBox())!
    await page.mouse.move(box.x + box.width - 200, box.y + 100)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width - 60, box.y + 100, { steps: 3 })
    await page.mouse.up()
    await soon(() => page.url()).toMatch(/from=.*to=/)
  })
})

/** Pages whose heading names the time zone of their times; only a tooltip did. */
const VIEWS_OF_TIMES = ['/scores', '/models', '/health', '/suppressions'] as const
const VIEWS = ['/', anomalyPath(8), '/models/now', ...VIEWS_OF_TIMES] as const

it.each(VIEWS)(
  '%s is accessible (axe: WCAG A and AA), light and dark, names its time zone and fits a phone',
  async (path) => {
    await page.goto(console.url + path)
    await shown()
    if (VIEWS_OF_TIMES.some((own) => own === path)) {
      const zone = await page.evaluate<string>('Intl.DateTimeFormat().resolvedOptions().timeZone')
      await page.getByRole('heading', { level: 1 }).getByText(`times in ${zone}`).waitFor()
    }
    expect(await violationsOn(page)).toEqual([])
    await page.setViewportSize(PHONE)
    const widest = () =>
      page.evaluate<number>(`Math.max(...['html', 'main'].map((name) => document.querySelector(name).scrollWidth))`)
    await soon(widest).toBeLessThanOrEqual(PHONE.width)
    // issue 17.13: only main scrolls; content that is hidden inside it must not make the document taller than the screen.
    const tallest = () => page.evaluate<number>(`document.documentElement.scrollHeight`)
    await soon(tallest).toBeLessThanOrEqual(PHONE.height)
  },
)

/** Resolves when all requests of the page are done. */
async function shown(): Promise<void> {
  await page.locator('main h1').first().waitFor({ state: 'attached' })
  await soon(() => page.locator('main .spinner').count()).toBe(0)
}

it('states the time in which the dead letters are counted (the number was 0 above a list of older ones)', async () => {
  await page.goto(`${console.url}/health`)
  await soon(() => page.locator('.tiles').textContent()).toContain('dead letters2in the last day')
})

it('offers dead letters that were rejected since the list was read (the tiles counted them, the list had none of them)', async () => {
  await page.clock.install()
  await page.goto(`${console.url}/health`)
  const letters = page.getByRole('region', { name: 'Dead letters' })
  await letters.getByText('flights/0/30001').waitFor()
  const newer = letters.getByRole('button', { name: 'Newer ones' })
  await page.getByRole('heading', { name: 'Lag' }).waitFor()
  expect(await newer.count()).toBe(0)
  await pool.query(
    `insert into outflow.dead_letters (pipeline, topic, partition, "offset", reason, detail, value_start, value_bytes, record_time)
     values ($1, 'flights', 7, 1, 'wrong_type', 'late', convert_to(repeat('x', 1024), 'utf8'), 3000, now())`,
    [PIPELINE],
  )
  try {
    await page.clock.runFor(10_000)
    await newer.click()
    const added = letters.getByRole('row', { name: /flights\/7\/1/ })
    await added.getByText('3 kB').click()
    await added.getByText('The rest is on the dead-letter topic').waitFor()
    expect(await newer.count()).toBe(0)
  } finally {
    await pool.query(`delete from outflow.dead_letters where partition = 7`)
  }
})

it('shows why what is read again could not be read (it showed only the words of the status)', async () => {
  await page.clock.install()
  await page.goto(`${console.url}/health`)
  await page.getByRole('heading', { name: 'Lag' }).waitFor()
  await page.route('**/api/health?*', answer503, { times: 1 })
  await page.clock.runFor(10_000)
  await page.getByText('What you see is as it was. Too slow: no answer').waitFor()
  expectComplaints(/status of 503/)
})

it('breaks a long name of the user who made a rule (the button to remove the rule was out of view)', async () => {
  await pool.query(
    `insert into outflow.suppressions (pipeline, entity, zone, expires_at, why, created_by)
     values ($1, 'airport-8', 'UTC', now() + interval '1 day', 'why', repeat('u', 200))`,
    [PIPELINE],
  )
  try {
    await page.goto(`${console.url}/suppressions`)
    const remove = await page.getByRole('button', { name: /^Remove/ }).boundingBox()
    expect(remove!.x + remove!.width).toBeLessThanOrEqual(1_280)
  } finally {
    await pool.query(`delete from outflow.suppressions where entity = 'airport-8'`)
  }
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
  /** For this test, the console is one that gives `a token` this role. */
  async function useGuardedConsole(role: 'reader' | 'analyst'): Promise<void> {
    const open = console
    const databaseUrl = open.config.postgres.url
    const guarded = await aConsole({ databaseUrl, pipeline: PIPELINE, console: withTokens({ [role]: 'a token' }) })
    useConsole(guarded)
    onTestFinished(async () => {
      useConsole(open)
      await guarded.close()
    })
  }

  async function logIn(token = 'a token'): Promise<void> {
    await page.getByLabel('Token').fill(token)
    await page.getByRole('button', { name: 'Log in' }).click()
  }

  it('accepts a token, shows the actions of the role, and logs out', async () => {
    await useGuardedConsole('reader')
    await page.goto(console.url + anomalyPath(8))
    await logIn('another token')
    await page.getByRole('alert').waitFor()
    await logIn()
    await page.getByText('You are logged in as reader').waitFor()
    expect(await page.getByRole('button', { name: 'Confirmed' }).count()).toBe(0)
    await page.route(/api\/session$/, (route) => route.abort())
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByText('You are still logged in.').waitFor()
    await page.unrouteAll()
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Token').waitFor()
    expectComplaints(/status of 401|ERR_FAILED/)
  })

  it('keeps a note that is typed while the login ends, until it is stored (it was lost)', async () => {
    await useGuardedConsole('analyst')
    const note = page.getByLabel(/^Note/)
    await page.goto(console.url + anomalyPath(13))
    await logIn()
    await note.fill('the belt was replaced')
    await page.context().clearCookies()
    await page.getByRole('button', { name: 'Confirmed' }).click()
    await logIn()
    await soon(() => note.inputValue()).toBe('the belt was replaced')
    await page.getByRole('button', { name: 'Confirmed' }).click()
    await soon(lastVerdict).toMatchObject({ offset: '13', verdict: 'confirmed', note: 'the belt was replaced' })
    await page.locator('.said', { hasText: 'the belt was replaced' }).waitFor()
    await page.goto(`${console.url}${anomalyPath(13)}?verdict=expected`)
    const form = page.getByRole('dialog')
    expect(await form.getByLabel(/^Note/).inputValue()).toBe('')
    await form.getByLabel(/^Note/).fill('as every winter')
    await page.context().clearCookies()
    await form.getByRole('button', { name: 'Give it' }).click()
    await logIn()
    await page.getByText('“Verdict on airport-13” failed. Unauthorized').waitFor()
    await form.getByRole('button', { name: 'Give it' }).click()
    await soon(lastVerdict).toMatchObject({ offset: '13', verdict: 'expected', note: 'as every winter' })
    expectComplaints(/status of 401/)
  })
})

describe('a console that stops', () => {
  it('is reported until the console answers again', async () => {
    // Not a port of the system's choice, which an outgoing connection may get while the console is stopped.
    const options = { databaseUrl: console.config.postgres.url, pipeline: PIPELINE, port: await findFreePort() }
    await console.close()
    useConsole(await aConsole(options))
    await page.goto(`${console.url}/`)
    await soon(() => page.locator('.header .live').textContent()).toBe('Live')
    await console.close()
    await soon(() => page.locator('.header .live').textContent()).toMatch(/^Connection lost/)
    useConsole(await aConsole(options))
    await soon(() => page.locator('.header .live').textContent()).toBe('Live')
    // Chromium's reports of a console that stops: its open stream, requests in progress, one that it answered while it closed, and later ones.
    expectComplaints(
      /ERR_(INCOMPLETE_CHUNKED_ENCODING|EMPTY_RESPONSE|CONNECTION_RESET|CONNECTION_REFUSED)|the server responded with a status of 503/,
    )
  })
})
