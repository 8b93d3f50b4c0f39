import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { main } from '@outflow/cli'
import { EVENT_SCHEMAS, parseConfig } from '@outflow/contracts'
import { describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { aDatabase } from '../support/infrastructure.js'
import { withClient } from '../support/postgres-client.js'

const root = new URL('../../', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, root), 'utf8')
const guides = readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => `docs/${file}`)
const pages = [
  'README.md',
  'docs/reference/configuration.md',
  ...guides.filter((file) => !file.endsWith('/configuration.md')),
]
const text = pages.map(read).join('\n')

/** The code blocks of one language, the whole configuration first. */
function blocks(language: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^ *\`\`\`${language}\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map((match) => match[1]!)
}

describe('README and docs', () => {
  it('show a valid configuration, and valid parts of one', () => {
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

  it('show one valid event of each type', () => {
    const events = blocks('json').map((text) => JSON.parse(text) as { readonly type?: string })
    for (const [type, schema] of Object.entries(EVENT_SCHEMAS)) {
      const shown = events.filter((event) => event.type === type)
      expect([type, ...shown.map((event) => schema.safeParse(event).error)]).toEqual([type, undefined])
    }
  })

  it('show SQL that an analyst may run', async () => {
    const statements = blocks('sql')
    expect(statements.length).toBeGreaterThan(0)
    await withClient(await aDatabase(), async (client) => {
      await client.query('set role outflow_analyst')
      for (const statement of statements) await client.query(statement)
    })
  })

  it('link only to files that exist', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)]
        .map((match) => new URL(match[1]!, new URL(page, root)))
        .filter((file) => !existsSync(file))
        .map((file) => `${page}: ${file.pathname}`),
    )
    expect(broken).toEqual([])
  })

  it('name only scripts of package.json', () => {
    const { scripts } = JSON.parse(read('package.json'))
    const named = [...text.matchAll(/npm run (?:--silent )?([a-z:]+)/g)].map((match) => match[1]!)
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
  })

  it('name only commands and options of outflow', async () => {
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
