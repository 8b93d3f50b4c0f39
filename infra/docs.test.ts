import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from '@outflow/cli'
import { EVENT_SCHEMAS, featureSchema, parseConfig, REJECTION_REASONS } from '@outflow/contracts'
import { expect, it, vi } from 'vitest'
import { parse } from 'yaml'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(`${root}${path}`, 'utf8')

const pages = readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md') && file !== 'README.md')
  .map((file) => file.replace(/\.md$/, ''))

// The page of the configuration has the whole one, which its parts complete.
const files = [
  'docs/reference/configuration.md',
  'README.md',
  'docs/README.md',
  ...pages.filter((page) => page !== 'reference/configuration').map((page) => `docs/${page}.md`),
]
const text = files.map(read).join('\n')

/** The code blocks of one language. */
const blocks = (language: string): readonly string[] =>
  [...text.matchAll(new RegExp(`^ *\`\`\`${language}\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map((match) => match[1]!)

it('lists every page in docs/README.md, and no other', () => {
  const listed = [...read('docs/README.md').matchAll(/\]\(([a-z]+(?:\/[a-z-]+)?)\.md/g)].map(([, page]) => page!)
  expect([...new Set(listed)].toSorted()).toEqual(pages.toSorted())
})

it('lists every page in the sidebar of the site, and no other', () => {
  const sections = [...read('docs/.vitepress/config.ts').matchAll(/section\('\w+', '(\w+)', \{([^}]*)\}/g)]
  const listed = sections.flatMap(([, folder, entries]) =>
    [...entries!.matchAll(/^\s*'?([a-z-]+)'?:/gm)].map(([, name]) => `${folder}/${name}`),
  )
  expect([...listed, 'glossary'].toSorted()).toEqual(pages.toSorted())
})

it('lists every library on the map of the README', () => {
  const listed = [...read('README.md').matchAll(/^\| \[libs\/([a-z]+)\]/gm)].map(([, name]) => name!)
  expect(listed.toSorted()).toEqual(readdirSync(`${root}libs`).toSorted())
})

it('lists every type of feature on the page of the configuration', () => {
  const [features] = read('docs/reference/configuration.md').split('## Features\n')[1]!.split('\n## ')
  const listed = [...features!.matchAll(/^\| `([a-z]+)` \|/gm)].map(([, name]) => name!)
  expect(listed.toSorted()).toEqual(featureSchema.options.map(({ shape }) => shape.type.value).toSorted())
})

it('lists every reason of rejection in the guide to dead letters', () => {
  const listed = [...read('docs/guides/dead-letters.md').matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name]) => name!)
  expect(listed.toSorted()).toEqual([...REJECTION_REASONS].toSorted())
})

it('names only views that exist', () => {
  const views = new Set([...read('docs/reference/sql.md').matchAll(/^## (analyst\.\w+)$/gm)].map(([, name]) => name!))
  const named = pages.flatMap((page) => read(`docs/${page}.md`).match(/\banalyst\.[a-z_]+\b/g) ?? [])
  expect(views.size).toBeGreaterThan(20)
  expect([...new Set(named)].filter((name) => !views.has(name))).toEqual([])
})

it('shows a valid configuration, and valid parts of one', () => {
  const [whole, ...parts] = blocks('yaml').map((text) => parse(text) as Record<string, object>)
  const environment = {
    KAFKA_BROKERS: 'localhost:9092',
    DATABASE_URL: 'postgres://localhost/outflow',
    PAGER_SECRET: `whsec_${'A'.repeat(32)}`,
    OIDC_SECRET: 'secret',
    SESSION_SECRET: 's'.repeat(32),
  }
  expect(parseConfig(whole, environment).pipeline).toBe('flights')
  expect(parts.length).toBeGreaterThan(0)
  for (const { sasl, ...part } of parts) {
    const kafka = { ...whole!.kafka, ...part.kafka, ...(sasl === undefined ? {} : { sasl }) }
    expect(parseConfig({ ...whole, ...part, kafka }, environment).pipeline).toBe('flights')
  }
})

it('shows one valid event of each type', () => {
  const events = blocks('json').map((text) => JSON.parse(text) as { readonly type?: string })
  for (const [type, schema] of Object.entries(EVENT_SCHEMAS)) {
    const shown = events.filter((event) => event.type === type)
    expect([type, ...shown.map((event) => schema.safeParse(event).error)]).toEqual([type, undefined])
  }
})

it('links only to files that exist', () => {
  const broken = files.flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:)([^)#]+)/g)]
      .map(([, link]) => link!)
      .filter((link) => !existsSync(resolve(root, dirname(file), link)))
      .map((link) => `${file}: ${link}`),
  )
  expect(broken).toEqual([])
})

it('names only scripts of package.json', () => {
  const { scripts } = JSON.parse(read('package.json'))
  const named = [...text.matchAll(/npm run (?:--silent )?([a-z:]+)/g)].map((match) => match[1]!)
  expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
})

it('names only commands and options of outflow', async () => {
  const lines = [...text.matchAll(/npx outflow ([a-z][^`|#\n]*)/g)].map(([, line]) => line!.trim())
  expect(lines.length).toBeGreaterThan(30)
  const unknown: string[] = []
  for (const line of lines) {
    const [command, ...options] = line.split(/ (?=-)/)
    const help = await helpOf(command!.split(' '))
    const named = options.map((option) => option.split(/[ =]/)[0]!)
    unknown.push(...named.filter((option) => !help.includes(option)).map((option) => `${line}: ${option}`))
  }
  expect(unknown).toEqual([])
})

/** @throws when there is no such command */
async function helpOf(words: readonly string[]): Promise<string> {
  const print = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  try {
    expect([words, await main(['node', 'outflow', ...words, '--help'])]).toEqual([words, 0])
    return print.mock.calls.join('')
  } finally {
    print.mockRestore()
  }
}
