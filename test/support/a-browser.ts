import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'
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

/** Why there is no browser for the tests; null where there is one. */
export const noBrowserReason =
  found === undefined ? 'no Chromium is installed: apt-get install chromium, or name one as CHROMIUM_PATH' : null

let launched: Promise<Browser> | null = null
afterAll(async () => (await launched)?.close())

/** The Chromium of the test file, closed at its end. */
export function aBrowser(): Promise<Browser> {
  launched ??= chromium.launch({ executablePath: found!, args: FLAGS })
  return launched
}
