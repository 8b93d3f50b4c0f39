import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { aBrowser } from './a-browser.js'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const RUN_AXE = `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })`

/** Opens a page in a browser profile of its own. @param complain  called with errors, dialogs and requests to elsewhere */
export async function aPage(consoleUrl: () => string, complain: (text: string) => void): Promise<Page> {
  const context = await (await aBrowser()).newContext({ viewport: { width: 1280, height: 800 } })
  const opened = await context.newPage()
  opened.setDefaultTimeout(30_000)
  opened.on('pageerror', (error) => complain(String(error)))
  opened.on('console', (message) => message.type() === 'error' && complain(message.text()))
  opened.on('dialog', (dialog) => complain(`a record ran: ${dialog.message()}`))
  opened.on('request', (request) => {
    if (!request.url().startsWith(consoleUrl())) complain(`asked ${request.url()}`)
  })
  return opened
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
