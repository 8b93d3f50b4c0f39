import { openPool, type Pool } from '@outflow/store'
import { afterAll, beforeAll } from 'vitest'
import { aDatabase } from './infrastructure.js'

/** Shared by the test file: a new database, and connections with it. */
export let url: string
export let pool: Pool
beforeAll(async () => {
  url = await aDatabase()
  pool = openPool(url)
})
afterAll(() => pool.end())
