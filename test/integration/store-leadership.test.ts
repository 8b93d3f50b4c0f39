import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { isLed, listen, openPool, StoreUnavailable, withLeadership } from '@outflow/store'
import { describe, expect, it } from 'vitest'
import { pool, url } from '../support/a-pool.js'

describe('withLeadership', () => {
  it('ends within ten seconds when the machine of the leader loses power', async () => {
    const settings = await withLeadership(pool, 'kept alive', async ({ client }) => {
      const { rows } = await client.query<{ name: string; setting: string }>(
        `select name, setting from pg_settings where name like 'tcp_keepalives%' order by name`,
      )
      return rows.map(({ setting }) => Number(setting))
    })
    const [count, idle, interval] = settings!
    expect(idle! + count! * interval!).toBeLessThanOrEqual(10)
  })

  it('continues while it has no statement for longer than idle_session_timeout, as a listener does (both were lost)', async () => {
    await pool.query(`alter database ${new URL(url).pathname.slice(1)} set idle_session_timeout = '200ms'`)
    const hardened = openPool(url)
    const lost: string[] = []
    const listener = listen({
      ...{ url, pipeline: 'p', pollMs: 600_000, checks: { outflow_training: () => {} } },
      onError: ({ message }) => lost.push(message),
    })
    const led = await withLeadership(hardened, 'idle', async ({ signal }) => {
      await setTimeout(600)
      return !signal.aborted
    }).finally(() => Promise.all([hardened.end(), listener.close()]))
    expect(led).toBe(true)
    expect(lost).toEqual([])
  })

  it('reports each attempt while another session leads, so that a standby does not count as failing', async () => {
    const stop = new AbortController()
    await withLeadership(pool, 'led by another', async () => {
      let attempted = () => {}
      const attempt = new Promise<void>((resolve) => {
        attempted = resolve
      })
      const waiting = withLeadership(pool, 'led by another', async () => 'led', {
        ...{ signal: stop.signal, retryMs: 10, onStandby: attempted },
      })
      await attempt
      stop.abort()
      expect(await waiting).toBeNull()
    })
  })

  it('issue 17.27: passes to another process soon after the session of the leader has ended', async () => {
    const killed = withLeadership(pool, 'killed', async ({ client }) => {
      const { rows } = await client.query('select pg_backend_pid() as pid')
      const waiting = withLeadership(pool, 'killed', async () => isLed(pool, 'killed'), { retryMs: 10 })
      expect(await isLed(pool, 'killed')).toBe(true)
      await pool.query('select pg_terminate_backend($1)', [rows[0].pid])
      expect(await waiting).toBe(true)
    })
    await expect(killed).rejects.toBeInstanceOf(StoreUnavailable)
    expect(await isLed(pool, 'killed')).toBe(false)
  })

  it('issue 17.27: is not blocked by a row whose process id another session has now, nor by a restored row', async () => {
    await pool.query(
      `insert into outflow.leaderships (name, database_oid, pid, backend_start)
       select 'reused', datid, pid, backend_start - interval '1 s' from pg_stat_activity where pid = pg_backend_pid()
       union all select 'restored', datid::int8 + 1, pid, backend_start from pg_stat_activity where pid = pg_backend_pid()`,
    )
    for (const name of ['reused', 'restored']) expect(await withLeadership(pool, name, async () => 'led')).toBe('led')
  })

  it('notifies the leader when its connection is lost', async () => {
    const led = withLeadership(pool, 'lost', async ({ client, signal }) => {
      const { rows } = await client.query('select pg_backend_pid() as pid')
      await pool.query('select pg_terminate_backend($1)', [rows[0].pid])
      // The notification may arrive before the answer to the statement that ended the session.
      if (!signal.aborted) await once(signal, 'abort')
      return 'led'
    })
    await expect(led).rejects.toBeInstanceOf(StoreUnavailable)
  })
})
