import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from '@outflow/cli'
import { alertEventSchema, groupEventSchema, parseConfig } from '@outflow/contracts'
import pg from 'pg'
import { describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { aDatabase } from '../support/infrastructure.js'
import { runToEnd } from '../support/run-to-end.js'

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

  it('show valid events', () => {
    const events = blocks('json').map((text) => JSON.parse(text) as { type?: string })
    const alerts = events.filter(({ type }) => type === 'outflow.anomaly.v1')
    expect(alerts).toHaveLength(1)
    expect(alertEventSchema.safeParse(alerts[0]).error).toBeUndefined()
    const groups = events.filter(({ type }) => type === 'outflow.anomaly_group.v1')
    expect(groups).toHaveLength(1)
    expect(groupEventSchema.safeParse(groups[0]).error).toBeUndefined()
  })

  it('show commands for files that find the flight with the wrong unit', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'outflow-guide-'))
    try {
      await symlink(fileURLToPath(new URL('node_modules', root)), join(folder, 'node_modules'))
      const commands = [...read('docs/guides/files.md').matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, block]) => block)
      const ran = await runToEnd('bash', ['-euo', 'pipefail', '-c', commands.join('')], { cwd: folder })
      expect(ran.code, ran.stderr).toBe(0)
      expect(ran.stdout).toContain('normal with distance 2,475 instead of 3,983: kilometres instead of miles?')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
    // A fit on WebAssembly takes a minute on a busy machine.
  }, 300_000)

  it('show SQL that an analyst may run', async () => {
    const client = new pg.Client({ connectionString: await aDatabase() })
    await client.connect()
    try {
      await client.query('set role outflow_analyst')
      const statements = blocks('sql')
      expect(statements.length).toBeGreaterThan(0)
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
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

  it('name only commands of outflow', async () => {
    const commands = new Set([...text.matchAll(/npx outflow ([a-z]+)/g)].map((match) => match[1]!))
    expect(commands.size).toBeGreaterThan(0)
    const print = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
    try {
      for (const command of commands)
        expect([command, await main(['node', 'outflow', command, '--help'])]).toEqual([command, 0])
    } finally {
      print.mockRestore()
    }
  })
})
