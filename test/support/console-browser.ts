import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll } from 'vitest'

/** Possible paths of a Chromium; the first that exists is used. */
const PLACES = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** No requests for updates or accounts. The sandbox is off: it does not work for root, and the tests open only their own pages. */
const FLAGS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync', '--no-first-run', '--disable-dev-shm-usage'],
]

const found = PLACES.find((place) => place !== undefined && existsSync(place))

/** Why the tests have no browser; null if they have one. */
export const noBrowserReason =
  found === undefined ? 'no Chromium is installed: apt-get install chromium, or name one as CHROMIUM_PATH' : null

let launched: Promise<Browser> | null = null
afterAll(async () => (await launched)?.close())

/** The Chromium of the test file, closed at its end. */
function aBrowser(): Promise<Browser> {
  launched ??= chromium.launch({ executablePath: found!, args: FLAGS })
  return launched
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RUN_AXE = `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] })`

/** Opens a page in a browser profile of its own. @returns also its complaints: errors, dialogs and requests to elsewhere */
export async function aPage(consoleUrl: () => string) {
  const complaints: string[] = []
  const context = await (await aBrowser()).newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  page.on('dialog', (dialog) => complaints.push(`a record ran: ${dialog.message()}`))
  page.on('request', (request) => {
    if (!request.url().startsWith(consoleUrl())) complaints.push(`asked ${request.url()}`)
  })
  return { page, complaints }
}

/** The violations of WCAG A and AA on a page, light and dark. */
export async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const found: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const { violations } = await page.evaluate<AxeResults>(RUN_AXE)
    for (const { id, nodes } of violations) {
      found.push(`${colorScheme}, ${id}: ${nodes.map(({ html }) => html).join(' ')}`)
    }
  }
  return found
}
