import { readdirSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { aDatabase } from '../support/infrastructure.js'
import { withClient } from '../support/postgres-client.js'

const root = new URL('../../', import.meta.url)
const read = (file: string) => readFileSync(new URL(file, root), 'utf8')
const pages = readdirSync(new URL('docs/', root), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.md'))
  .map((file) => `docs/${file}`)
const text = ['README.md', ...pages].map(read).join('\n')

// infra/docs.test.ts has the checks that need no database.
it('README and docs show SQL that an analyst may run', async () => {
  const statements = [...text.matchAll(/^ *```sql\n([\s\S]*?)^ *```/gm)].map(([, statement]) => statement!)
  expect(statements.length).toBeGreaterThan(0)
  await withClient(await aDatabase(), async (client) => {
    await client.query('set role outflow_analyst')
    for (const statement of statements) await client.query(statement)
  })
})
