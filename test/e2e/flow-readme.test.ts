import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const folderOfFlow = fileURLToPath(new URL('../../libs/flow', import.meta.url))
const snippets = [...readFileSync(join(folderOfFlow, 'README.md'), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map(
  (match) => match[1]!,
)

describe('the README of libs/flow', { timeout: 300_000 }, () => {
  // Inside the checkout, where the built package is found by its name.
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(folderOfFlow, '.readme-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each(snippets.map((snippet, at) => ({ at, snippet })))(
    'runs as it stands: snippet $at',
    async ({ at, snippet }) => {
      const file = join(folder, `snippet-${at}.mts`)
      await writeFile(file, snippet)
      const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', file])
      expect(stdout.trim()).not.toBe('')
      expect(stdout).not.toMatch(/NaN|Infinity|undefined/)
    },
  )

  it('and there are some', () => {
    expect(snippets.length).toBeGreaterThan(2)
  })
})
