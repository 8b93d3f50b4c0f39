import { openPool, type Pool } from '@outflow/store'

/** Hands an open pool to `use` and closes it. */
export async function withStore<T>(url: string, use: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = openPool(url, { max: 2, applicationName: 'outflow cli' })
  try {
    return await use(pool)
  } finally {
    await pool.end()
  }
}
