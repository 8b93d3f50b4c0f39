import { expect, test } from 'vitest'
import { eventually } from '../support/eventually.js'
import { aDatabase } from '../support/infrastructure.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { withClient } from '../support/postgres-client.js'
import { startService } from '../support/service-process.js'

test('services that write report a read-only database, and are not ready; the console, which reads, is', async () => {
  const databaseUrl = await aDatabase()
  const name = new URL(databaseUrl).pathname.slice(1)
  await withClient(databaseUrl, (client) =>
    client.query(`alter database ${name} set default_transaction_read_only = on`),
  )
  const all = startService('all', (await aParcelPipeline({ databaseUrl })).configFile)
  await all.logged('console started')
  const postgresOf = async (service: string) => (await all.readiness()).checks[service]?.postgres
  await eventually(() => postgresOf('console'), { what: 'the console has a check' })
  const refused = {
    ok: false,
    detail:
      'Postgres is read-only; set the address of the primary as postgres.url, and a user and database that may write',
  }
  for (const service of ['ingest', 'trainer', 'alerts']) {
    await eventually(() => postgresOf(service), { what: `${service} has a check` })
    expect(await postgresOf(service)).toEqual(refused)
  }
  expect(await postgresOf('console')).toEqual({ ok: true, detail: 'answered' })
  const delayed = () => all.log.filter(({ msg }) => msg === 'start delayed').map(({ service }) => String(service))
  await eventually(() => delayed().length === 3, { what: 'each service that writes reports it' })
  expect(delayed().toSorted()).toEqual(['alerts', 'ingest', 'trainer'])
})
