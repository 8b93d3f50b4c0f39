import { fileURLToPath } from 'node:url'
import { loadConfig } from '@outflow/runtime'
import { expect, it } from 'vitest'

it('accepts the example that the compose file mounts', async () => {
  const path = fileURLToPath(new URL('../../../infra/outflow.yaml', import.meta.url))
  const config = await loadConfig(path, { DATABASE_URL: 'postgres://outflow@database:5432/outflow' })
  expect(config).toMatchObject({ pipeline: 'flights', source: { topics: ['flights'] } })
})
