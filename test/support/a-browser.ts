import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
import { afterAll } from 'vitest'

/** Where a Chromium may be, the first that there is. */
const PLACES = [
  process.env.CHROMIUM_PATH,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/** Asks nobody for updates or accounts; the sandbox is off, for root has none, and what is opened is the test's own. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-dev-shm-usage',
]

const found = PLACES.find((place) => place !== undefined && existsSync(place))

/** Why there is no browser to test with; null where there is one. */
export const lackOfBrowser =
  found === undefined ? 'no Chromium is installed: apt-get install chromium, or name one as CHROMIUM_PATH' : null

let launched: Promise<Browser> | null = null
afterAll(async () => (await launched)?.close())

/** The test file's one Chromium, closed when the file is done. */
export function aBrowser(): Promise<Browser> {
  launched ??= chromium.launch({ executablePath: found!, args: FLAGS })
  return launched
}
