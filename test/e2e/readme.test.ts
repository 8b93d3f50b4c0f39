import { readFileSync } from 'node:fs'
import { main } from '@outflow/cli'
import { alertEventSchema, groupEventSchema, parseConfig } from '@outflow/contracts'
import pg from 'pg'
import { describe, expect, it, vi } from 'vitest'
import { parse } from 'yaml'
import { aDatabase } from '../support/infrastructure.js'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

/** The README's code blocks of one language. */
function blocks(language: string): readonly string[] {
  return [...readme.matchAll(new RegExp(`^ *\`\`\`${language}\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map((match) => match[1]!)
}

describe('the README', () => {
  it('shows a configuration that is valid, and parts that are valid in its place', () => {
    const [whole, ...parts] = blocks('yaml').map((text) => parse(text) as Record<string, object>)
    const environment = {
      KAFKA_BROKERS: 'localhost:9092',
      DATABASE_URL: 'postgres://localhost/outflow',
      PAGER_SECRET: `whsec_${'A'.repeat(32)}`,
    }
    expect(parseConfig(whole, environment).pipeline).toBe('flights')
    expect(parts.length).toBeGreaterThan(0)
    for (const { sasl, ...part } of parts) {
      const kafka = { ...whole!.kafka, ...part.kafka, ...(sasl === undefined ? {} : { sasl }) }
      expect(parseConfig({ ...whole, ...part, kafka }, environment).pipeline).toBe('flights')
    }
  })

  it('shows an alert that is one', () => {
    const events = blocks('json').map((text) => JSON.parse(text) as { type?: string })
    const alerts = events.filter(({ type }) => type === 'outflow.anomaly.v1')
    expect(alerts).toHaveLength(1)
    expect(alertEventSchema.safeParse(alerts[0]).error).toBeUndefined()
    const groups = events.filter(({ type }) => type === 'outflow.anomaly_group.v1')
    expect(groups).toHaveLength(1)
    expect(groupEventSchema.safeParse(groups[0]).error).toBeUndefined()
  })

  it('shows SQL that an analyst may run', async () => {
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

  it('names no script that package.json lacks', () => {
    const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    const named = [...readme.matchAll(/npm run (?:--silent )?([a-z:]+)/g)].map((match) => match[1]!)
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([])
  })

  it('names no command that outflow lacks', async () => {
    const commands = new Set([...readme.matchAll(/npx outflow ([a-z]+)/g)].map((match) => match[1]!))
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
