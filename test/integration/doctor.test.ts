import { createServer } from 'node:http'
import { beat } from '@outflow/store/health-events'
import { failGate, insertModel } from '@outflow/store/models'
import { startFit } from '@outflow/store/training'
import { expect, it, onTestFinished } from 'vitest'
import { aPooler } from '../support/a-pooler.js'
import { callOutflow } from '../support/call-outflow.js'
import { doctorFindings } from '../support/doctor-findings.js'
import { aDatabase, aName } from '../support/infrastructure.js'
import { onLoopback } from '../support/on-loopback.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { fitParcelModel, PARCEL_FEATURES } from '../support/parcels.js'
import { aFitReport, aModel, aModelMetadata } from '../support/reports.js'

it('doctor reports a read-only database, and a registry that is late instead of a topic without records', async () => {
  const { url, close } = await onLoopback(createServer(() => {}))
  onTestFinished(close)
  const pipeline = await aParcelPipeline({ source: { format: 'avro', registry: { url } } })
  await pipeline.pool.query(
    `do $$ begin execute format('alter database %I set default_transaction_read_only = on', current_database()); end $$`,
  )
  await pipeline.send([{ key: null, value: Buffer.of(0, 0, 0, 0, 7, 1) }])

  const { code, stdout } = await callOutflow(['doctor', '--config', pipeline.configFile])
  expect(code).toBe(1)
  expect(stdout).toMatch(/✗ records +no record was read within 8 s; fix: /)
  expect(stdout).toMatch(/✗ database +PostgreSQL .* is read-only; fix: .*postgres\.url/)
})

it('doctor reports a pooler in front of Postgres, which keeps the session of a leader that crashed', async () => {
  const databaseUrl = await aDatabase()
  const url = await aPooler(databaseUrl)
  const { configFile } = await aParcelPipeline({ databaseUrl, postgres: { url } })

  const { code, stdout } = await callOutflow(['doctor', '--config', configFile])
  expect(code).toBe(1)
  expect(stdout).toMatch(/✗ database +PostgreSQL .* is behind a pooler.*; fix: set the address of Postgres itself/)
})

it('doctor reports a user of Postgres that may write all tables but does not own them: it cannot add partitions', async () => {
  const databaseUrl = await aDatabase()
  const user = aName('writer')
  const url = Object.assign(new URL(databaseUrl), { username: user, password: 'write' }).href
  const { pool, configFile } = await aParcelPipeline({ databaseUrl, postgres: { url } })
  await pool.query(`create role "${user}" login password 'write'`)
  onTestFinished(async () => {
    await pool.query(`drop owned by "${user}"`)
    await pool.query(`drop role "${user}"`)
  })
  await pool.query(`grant usage on schema outflow to "${user}"`)
  await pool.query(`grant all on all tables in schema outflow to "${user}"`)

  const { code, stdout } = await callOutflow(['doctor', '--config', configFile])
  expect(code).toBe(1)
  expect(stdout).toMatch(/✗ migrations the tables belong to \w+, .*; fix: set \w+ as the user of postgres\.url/)
})

it('doctor and status report an active model whose features are not those of the configuration', async () => {
  // For a provisional one doctor proposed to wait for more records.
  const provisional = await fitParcelModel(3, (records) => records.slice(0, 60), { provisional: true })
  const [same, changed] = [
    await aParcelPipeline({ model: await parcelModel() }),
    await aParcelPipeline({
      model: provisional,
      features: PARCEL_FEATURES.map((feature) => ({ ...feature, optional: true })),
    }),
  ]
  const modelFinding = async ({ configFile }: typeof same) => (await doctorFindings(configFile)).model

  expect(await modelFinding(same)).toMatchObject({ ok: true, fix: null })
  expect(await modelFinding(changed)).toMatchObject({
    ok: true,
    detail: expect.stringContaining('records are read by its features, which are not those of the configuration'),
    fix: `restart the trainer with ${changed.configFile}: it fits a model to the new features`,
  })
  const { stdout } = await callOutflow(['status', '--config', changed.configFile])
  expect(stdout).toContain('the active model has other features than the configuration')

  const { pool, name: pipeline } = changed
  const ofFeatures = aModelMetadata({ features: PARCEL_FEATURES.map((feature) => ({ ...feature, optional: true })) })
  const candidate = { ...aModel(pipeline, 'new-features'), metadata: ofFeatures }
  await insertModel(pool, candidate)
  await failGate(pool, candidate)
  // It was to restart the trainer.
  expect(await modelFinding(changed)).toMatchObject({
    fix: 'outflow retrain; the last model with them is failed_gate: outflow models show new-feat',
  })
  await beat(pool, { pipeline, service: 'trainer', waitingFor: null })
  await startFit(pool, { pipeline, because: 'features changed', incumbentId: null, report: aFitReport() })
  expect(await modelFinding(changed)).toMatchObject({ fix: 'wait: a fit is under way' })
})

it('doctor names the command that fits the first model, and to wait while a trainer runs (it was to run a trainer, which ran)', async () => {
  const { pool, name: pipeline, configFile } = await aParcelPipeline()
  const modelFinding = async () => (await doctorFindings(configFile)).model
  expect(await modelFinding()).toMatchObject({
    fix: expect.stringContaining(
      `outflow run all --config ${configFile}, or run trainer: the trainer fits a model to `,
    ),
  })
  await beat(pool, { pipeline, service: 'trainer', waitingFor: null })
  expect(await modelFinding()).toMatchObject({ fix: expect.stringMatching(/^wait: the trainer fits a model to /) })
})
