import { listSuppressions } from '@outflow/store/suppressions'
import { expect, it } from 'vitest'
import { beginPartition } from '../support/begin-partition.js'
import {
  anomalyPath,
  answer503,
  console,
  expectComplaints,
  holdRequests,
  PHONE,
  PIPELINE,
  page,
  pool,
  rows,
  soon,
  withConsolePage,
} from '../support/console-page.js'
import { storePages } from '../support/console-page-data.js'

withConsolePage(async () => {
  await storePages(500)
  await beginPartition(pool, { pipeline: 'orders', topic: 'orders' })
})

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

it('has no cut labels of times with seconds on a phone (they ran into each other)', async () => {
  await page.setViewportSize(PHONE)
  await page.goto(`${console.url}/?from=2026-01-31T10:00:00Z&to=2026-01-31T10:01:50Z`)
  await page.locator('.lane-axis .cells span').first().waitFor()
  const cut = await page.evaluate(
    `[...document.querySelectorAll('.lane-axis .cells span')].filter((label) => label.scrollWidth > label.clientWidth).length`,
  )
  expect(cut).toBe(0)
})

it('shows keys of ten characters in whole on a phone (those with the same beginning looked alike)', async () => {
  await page.setViewportSize(PHONE)
  await page.goto(`${console.url}/`)
  const names = page.locator('.lane-name .facet-name')
  await names.first().waitFor()
  expect(await names.first().textContent()).toMatch(/^airport-\d\d$/)
  const cut = await page.evaluate(
    `[...document.querySelectorAll('.lane-name .facet-name')].filter((name) => name.scrollWidth > name.clientWidth).length`,
  )
  expect(cut).toBe(0)
})

it('has a lane without reasons on one line, and names before values from right to left, on a phone (they overlapped; it followed)', async () => {
  await pool.query(`update outflow.anomalies set reasons = null, record = '{"note": "تأخير"}' where "offset" = 8`)
  await page.setViewportSize(PHONE)
  await page.goto(`${console.url}/?key=airport-8&column=note`)
  await page.locator('.lane-name', { hasText: 'without reasons yet' }).waitFor()
  await page.locator('.value', { hasText: 'تأخير' }).waitFor()
  const isHigher = `[...document.querySelectorAll('.lane-name')].some((name) => name.scrollHeight > name.clientHeight)`
  expect(await page.evaluate(isHigher)).toBe(false)
  const [nameEnd, valueStart] = await page.evaluate<[number, number]>(`{
    const value = [...document.querySelectorAll('.value')].find((shown) => shown.textContent.includes('تأخير'))
    const text = document.createRange()
    text.selectNode(value.lastChild)
    ;[value.firstChild.getBoundingClientRect().right, text.getBoundingClientRect().left]
  }`)
  expect(valueStart).toBeGreaterThanOrEqual(nameEnd)
})

it('states what a search reads when it finds nothing', async () => {
  await page.goto(`${console.url}/`)
  await page.getByLabel('Search records').fill('is odd')
  await page.getByText('The search reads records and keys, not reasons.').waitFor()
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

it('keeps the inputs of two instants while they are emptied, and removes them with Clear (two empty ones remained)', async () => {
  await page.goto(`${console.url}/?from=2026-01-31T10:00:00Z&to=2026-01-31T11:00:00Z`)
  await page.getByLabel('From').fill('')
  await page.getByLabel('To').fill('')
  await soon(() => page.url()).not.toMatch(/from=|to=/)
  expect(await page.getByLabel('From').count()).toBe(1)
  await page.goto(`${console.url}/?from=2026-01-31T10:00:00Z&to=2026-01-31T11:00:00Z`)
  await page.getByRole('button', { name: 'Clear', exact: true }).click()
  await soon(() => page.getByLabel('From').count()).toBe(0)
})

it('recovers without a reload when it was opened while Postgres was unavailable (its error remained)', async () => {
  const session = /api\/session/
  await page.route(session, answer503)
  await page.goto(`${console.url}/`)
  await page.getByText('no answer').waitFor()
  await page.unroute(session)
  await rows().first().waitFor()
  expectComplaints(/status of 503/)
})

it('names the time zone of the times (its offset of today was wrong for rows before a daylight saving change)', async () => {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('Emulation.setTimezoneOverride', { timezoneId: 'Europe/Berlin' })
  await page.goto(`${console.url}/`)
  await soon(() => page.locator('.list-head .sort').first().textContent()).toContain('when (Europe/Berlin)')
})

it('shows nothing of another pipeline while the answer is late, or an error', async () => {
  const fail = await holdRequests(/models\?pipeline=orders/, answer503)
  await page.goto(`${console.url}/models?pipeline=${PIPELINE}`)
  const model = page.getByRole('link', { name: 'now' })
  await model.waitFor()
  await page.getByLabel('Pipeline').selectOption('orders')
  await page.getByText('Reading models').waitFor()
  expect(await model.count()).toBe(0)
  fail()
  await page.getByText('no answer').waitFor()
  expectComplaints(/status of 503/)
})

it('offers one verdict on all only on the anomalies that were counted', async () => {
  const fail = await holdRequests(/overview\?.*key=airport-6/, answer503)
  await page.goto(`${console.url}/?key=airport-5`)
  const give = page.getByRole('button', { name: 'Verdict on all' })
  await give.waitFor()
  await page.getByLabel('Key', { exact: true }).fill('airport-6')
  await soon(() => rows().first().textContent()).toContain('airport-6')
  expect(await give.count()).toBe(0)
  fail()
  await page.getByText('no answer').waitFor()
  expect(await page.locator('.facets').count()).toBe(0)
  expectComplaints(/status of 503/)
})

/** Types `AT`, and `ATL` at the moment at which `AT` takes effect; returns the texts that are shown until `ATL` takes effect. */
const TYPE_DURING_AN_EFFECT = `(async () => {
  const input = document.activeElement
  const type = (text) => {
    input.value = text
    input.dispatchEvent(new Event('input', { bubbles: true }))
  }
  const replace = history.replaceState.bind(history)
  const effect = new Promise((resolve) => {
    history.replaceState = (...args) => {
      history.replaceState = replace
      replace(...args)
      type('ATL')
      resolve()
    }
  })
  type('AT')
  await effect
  const shown = new Set()
  while (!location.search.includes('text=ATL')) {
    await new Promise(requestAnimationFrame)
    shown.add(input.value)
  }
  return [...shown]
})()`

it('keeps what is typed while earlier text takes effect (on a busy machine the later text was lost)', async () => {
  await page.goto(`${console.url}/`)
  const search = page.getByLabel('Search records')
  await search.focus()
  const shown = await page.evaluate(TYPE_DURING_AN_EFFECT)
  expect(shown).toEqual(['ATL'])
  await page.getByRole('button', { name: 'Clear', exact: true }).click()
  await soon(() => search.inputValue()).toBe('')
})

it('removes a rarity that is not a number, which filters nothing', async () => {
  await page.goto(`${console.url}/`)
  const rarity = page.getByLabel('Rarer than 1 in')
  await rarity.fill('very rare')
  await rarity.blur()
  await soon(() => rarity.inputValue()).toBe('')
  await rarity.fill('1,000')
  await rarity.blur()
  await soon(() => page.url()).toContain('rarerThan=1000')
  await soon(() => rarity.inputValue()).toBe('1000')
})

it('does not send a reason of spaces', async () => {
  await page.goto(`${console.url}/suppressions?add=true&entity=ATL`)
  const reason = page.getByLabel('Why')
  await reason.fill('  ')
  await page.getByRole('button', { name: 'Hide them' }).click()
  expect(await reason.and(page.locator(':invalid')).count()).toBe(1)
  expect(await page.getByRole('dialog').getByRole('alert').count()).toBe(0)
})

it('hides the alerts of a key that ends with spaces', async () => {
  await page.goto(`${console.url}/suppressions?add=true&entity=ATL++`)
  await page.getByLabel('Why').fill('known since Monday')
  await page.getByRole('button', { name: 'Hide them' }).click()
  await page.getByText('The rule is active.').waitFor()
  expect(await listSuppressions(pool, { pipeline: PIPELINE })).toMatchObject([{ entity: 'ATL  ' }])
})

it('offers a login that returns to the page, without its filters where the link is too long (the login answered 400)', async () => {
  await page.route(/api\/session/, (route) =>
    route.fulfill({ status: 401, json: { title: 'Unauthorized', status: 401, logins: ['oidc'] } }),
  )
  const returnsTo = async (link: string) => {
    await page.goto(console.url + link)
    const href = await page.getByRole('link', { name: 'Log in at your organisation' }).getAttribute('href')
    return new URL(href!, console.url).searchParams.get('to')
  }
  expect(await returnsTo('/?text=a')).toBe('/?text=a')
  expect(await returnsTo(`/?text=${'a'.repeat(2_000)}`)).toBe('/')
  expectComplaints(/status of 401/)
})

it('has columns of time as wide as a finger on a phone (they were half as wide)', async () => {
  await page.setViewportSize(PHONE)
  await page.goto(`${console.url}/`)
  await page.locator('.lane-total button').first().waitFor()
  const widths = await page.evaluate<string>(
    `getComputedStyle(document.querySelector('.lane-total .cells')).gridTemplateColumns`,
  )
  // WCAG 2.5.8
  expect(Math.min(...widths.split(' ').map(Number.parseFloat))).toBeGreaterThanOrEqual(24)
})

it.each([['/models', 'td .row button'] as const, [anomalyPath(8), '.verdict-button'] as const])(
  '%s has the verdicts on one line (a button, or its text, was on the next one)',
  async (path, buttons) => {
    await page.setViewportSize({ width: 1024, height: 768 })
    await page.route('**/api/calibration-records?*', async (route) => {
      const { next, ...counts } = await (await route.fetch()).json()
      const record = { note: 'many words '.repeat(20) }
      await route.fulfill({ json: { ...counts, next: next.map((own: object) => ({ ...own, record })) } })
    })
    await page.goto(console.url + path)
    await page.locator(buttons).first().waitFor()
    const places = await page.evaluate<{ y: number; height: number }[]>(
      `[...document.querySelectorAll('${buttons}')].slice(0, 3).map((button) => button.getBoundingClientRect())`,
    )
    expect(new Set(places.map(({ y }) => y)).size).toBe(1)
    expect(places[0]!.height).toBeLessThan(40)
  },
)

it('lists scores as cards on a phone (the table scrolled sideways)', async () => {
  await page.setViewportSize(PHONE)
  await page.goto(`${console.url}/scores?range=1h`)
  await page.getByText('The same as a table').click()
  await page.locator('details tbody tr').first().waitFor()
  const hidden = `{ const { scrollWidth, clientWidth } = document.querySelector('.wide-table'); scrollWidth - clientWidth }`
  expect(await page.evaluate(hidden)).toBe(0)
})

it.each([
  ['/?sort=bits', '**/api/anomalies?*', '.list-row'],
  ['/health', '**/api/dead-letters?*', 'tr:has-text("flights/0/30001")'],
])('%s reads a page again after the time of Retry-After (its error remained)', async (path, request, rowsOf) => {
  await page.clock.install()
  const busy = { status: 503, json: { title: 'Busy', detail: 'try again' }, headers: { 'retry-after': '2' } }
  await page.route(request, (route) => route.fulfill(busy), { times: 1 })
  await page.goto(console.url + path)
  await page.getByText('Busy').first().waitFor()
  await page.clock.runFor(2_000)
  await page.locator(rowsOf).first().waitFor()
  expectComplaints(/status of 503/)
})
