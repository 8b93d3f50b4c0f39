import { StoreRefused } from '@outflow/store'
import { expect, it, onTestFinished } from 'vitest'
import { databaseFor } from '../../services/demo/src/installation/installation.js'
import { pool, url } from '../support/a-pool.js'
import { aName } from '../support/infrastructure.js'

it('the demo names the fix of a role that may not create databases (it printed OUTFLOW_UNEXPECTED)', async () => {
  const role = aName('role').replaceAll('-', '_')
  await pool.query(`create role ${role} login password 'secret'`)
  onTestFinished(async () => void (await pool.query(`drop role ${role}`)))
  const given = Object.assign(new URL(url), { username: role, password: 'secret' }).href
  const created = databaseFor({ postgres: { tier: 'given', url: given, description: '' } }, (cleanUp) =>
    onTestFinished(async () => void (await cleanUp())),
  )
  const refusal: unknown = await created.catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(StoreRefused)
  expect(String(refusal)).toMatch(/alter role USER createdb/)
})
