import { migrate } from '@outflow/store'
import { expect, onTestFinished, test } from 'vitest'
import { aConsole } from '../support/a-console.js'
import { callOutflow } from '../support/call-outflow.js'
import { eventually } from '../support/eventually.js'
import { aDatabase } from '../support/infrastructure.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { startService } from '../support/service-process.js'

const SERVICES = ['alerts', 'console', 'ingest', 'trainer']

test('services that start before the migrations report them once, are not ready, and continue when they are applied', async () => {
  const pipeline = await aParcelPipeline({ databaseUrl: await aDatabase({ isEmpty: true }) })
  const all = startService('all', pipeline.configFile)
  const delayed = () => all.log.filter(({ msg }) => msg === 'start delayed').map(({ service }) => String(service))
  await eventually(() => SERVICES.every((service) => delayed().includes(service)), { what: 'each service reports it' })

  const postgres = {
    ok: false,
    detail: expect.stringMatching(/^8 of 8 migrations are not applied .*; run outflow migrate$/),
  }
  const { status, checks } = await all.readiness()
  expect(status).toBe(503)
  expect(checks).toMatchObject(Object.fromEntries(SERVICES.map((service) => [service, { postgres }])))

  await callOutflow(['migrate', '--config', pipeline.configFile])
  await all.logged('first model awaited')
  await all.logged('training rows awaited')
  await eventually(async () => (await all.readiness()).checks.alerts?.leader?.ok, { what: 'a relay leads' })
  expect(delayed().toSorted()).toEqual(SERVICES)
  expect(all.log.map(({ msg }) => msg)).not.toContain('store connection lost')
  expect(await all.terminate()).toMatchObject({ code: 0 })
})

test('services end with one error where the migrations are those of another version (each retried what its tables lacked)', async () => {
  const pipeline = await aParcelPipeline()
  await pipeline.pool.query(`
    update outflow.migrations set checksum = 'of another version' where number = 1;
    alter table outflow.leaderships rename column pid to process`)
  const all = startService('all', pipeline.configFile)
  const { error } = await all.logged('service failed')
  expect(error).toMatchObject({ code: 'OUTFLOW_STORE_MIGRATION_CHANGED' })
  await eventually(all.hasEnded, { what: 'it ends' })
  expect(all.log.filter(({ level }) => level === 'error')).toHaveLength(1)
})

test('the console answers how to apply the migrations until they are applied', async () => {
  const databaseUrl = await aDatabase({ isEmpty: true })
  const console = await aConsole({ databaseUrl, pipeline: 'flights' })
  onTestFinished(() => console.close())

  const { status, body } = await console.ask('/api/pipelines')
  expect(status).toBe(503)
  expect(body.detail).toMatch(/^8 of 8 migrations are not applied .*; run outflow migrate$/)

  await migrate(databaseUrl)
  await eventually(async () => (await console.ask('/api/pipelines')).status === 200, { what: 'it answers' })
})

test('a stop before Postgres answers logs neither a lost connection nor that ingest waits for a model', async () => {
  const pipeline = await aParcelPipeline({ databaseUrl: 'postgres://outflow@127.0.0.1:1/outflow' })
  const all = startService('all', pipeline.configFile)
  await all.logged('start delayed')
  await all.logged('console started')
  expect(await all.terminate()).toMatchObject({ code: 0 })
  const logged = new Set(all.log.map(({ msg }) => msg))
  expect(logged).not.toContain('store connection lost')
  expect(logged).not.toContain('first model awaited')
})
