import { fileURLToPath } from 'node:url'
import { loadConfig } from '@outflow/runtime'
import { expect, it } from 'vitest'

it('accepts the example that the compose file mounts', async () => {
  const path = fileURLToPath(new URL('../../../infra/outflow.yaml', import.meta.url))
  const config = await loadConfig(path, {
    DATABASE_URL: 'postgres://outflow@database:5432/outflow',
    CONSOLE_TOKEN_SHA256: '0'.repeat(64),
  })
  expect(config).toMatchObject({ pipeline: 'flights', source: { topics: ['flights'] } })
})
