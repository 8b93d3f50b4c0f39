import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { loadConfig } from '@outflow/runtime'
import { migrate, type Pool } from '@outflow/store'
import { describe, expect, it } from 'vitest'
import { expectEverythingOnce } from '../support/audit.js'
import { parcelModel } from '../support/parcel-models.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { runOutflow } from '../support/run-outflow.js'
import { aSecuredConfig, expectNoSecret, SECRETS, type Secured } from '../support/secured.js'
import { startService } from '../support/service-process.js'

/** Tests that no output contains a password, on the servers of security.test.ts. */
export function secretsStayHidden(secured: Secured): void {
  describe('secrets', () => {
    it('are in no log, metric, process list or table of services that use them, and no record is lost', async () => {
      const { kafka, postgres } = secured.infrastructure
      await migrate(postgres.url)
      const pipeline = await aParcelPipeline({
        model: await parcelModel(),
        brokers: kafka.brokers,
        databaseUrl: postgres.url,
        ...accessOf('scram512.secret'),
      })
      const services = (['ingest', 'alerts'] as const).map((name) => startService(name, pipeline.configFile))
      const feed = pipeline.feed(31, { perSecond: 2_000 })
      await pipeline.untilStoredMore(3_000)
      await feed.stop()
      await expectEverythingOnce(pipeline)

      const doctor = await runOutflow(['doctor', '--config', pipeline.configFile, '--json'])
      const findings = JSON.parse(doctor.stdout).findings as { name: string; ok: boolean }[]
      expect(findings.filter(({ ok }) => !ok)).toEqual([])
      const reported = [doctor.stdout, doctor.stderr, await dumpOf(pipeline.pool)]
      for (const service of services) {
        const { address } = await service.logged('health and metrics served')
        for (const path of ['metrics', 'readyz']) reported.push(await (await fetch(`${address}/${path}`)).text())
        reported.push((await promisify(execFile)('ps', ['-o', 'args=', '-p', String(service.pid)])).stdout)
        reported.push(service.log.map((line) => JSON.stringify(line)).join('\n'))
      }
      expect(reported.join('\n').length).toBeGreaterThan(50_000)
      expectNoSecret(reported.join('\n'))
    })

    it('that are wrong end a service at once, and doctor reports which key to fix; neither prints them', async () => {
      const file = await aSecuredConfig(secured, accessOf('plain.secret'))
      const runs = await Promise.all([
        runOutflow(['run', 'ingest', '--config', await aSecuredConfig(secured, databaseAccess(SECRETS.plain))]),
        runOutflow(['run', 'alerts', '--config', file]),
        runOutflow(['run', 'trainer', '--config', file]),
        runOutflow(['doctor', '--config', file]),
      ])
      for (const [at, { code, stdout, stderr }] of runs.entries()) {
        expect(code).toBe(1)
        expect(stdout).toMatch(at === 0 ? /OUTFLOW_STORE_LOGIN_FAILED/ : /kafka\.sasl/)
        expectNoSecret(stdout + stderr)
      }
      expect(runs[3]!.stdout).toMatch(/✗ broker +Kafka refused the login: .*fix: .*kafka\.sasl/)
    })

    it('are not printed in errors of YAML or the schema', async () => {
      const broken = [
        `kafka: { sasl: { password: "${SECRETS.plain}\n`,
        `kafka: { sasl: { password: *${SECRETS.plain} } }\n`,
        `kafka: { brokers: a, password: ${SECRETS.plain}, sasl: ${SECRETS.plain}, tls: ${SECRETS.plain} }\n`,
        `postgres: postgres://u:${SECRETS.plain}@db/x\n`,
        `postgres: { url: "postgres://u:${SECRETS.plain}#/@db/x" }\n`,
      ]
      for (const text of broken) {
        const path = join(secured.folder, 'broken.yaml')
        await writeFile(path, text)
        const error = await loadConfig(path).catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(Error)
        expectNoSecret(error)
      }
    })
  })

  /** Kafka with SCRAM-SHA-512 and Postgres with a password, both over TLS, as the services connect. */
  function accessOf(passwordFile: string) {
    const inFolder = (name: string) => join(secured.folder, name)
    const tls = { caFile: inFolder('ca.pem') }
    const sasl = { mechanism: 'scram-sha-512', username: 'clerk512', passwordFile: inFolder(passwordFile) }
    return { kafka: { brokers: secured.listeners.LOGIN, tls, sasl }, ...databaseAccess(SECRETS.database) }
  }

  function databaseAccess(password: string) {
    const url = new URL(secured.databaseUrl)
    url.password = password
    return { postgres: { url: url.href, tls: { caFile: join(secured.folder, 'ca.pem') } } }
  }
}

/** Every row of every table of outflow, as text; bytes are in hex. */
async function dumpOf(pool: Pool): Promise<string> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_schema in ('outflow', 'analyst')`,
  )
  expect(tables.length).toBeGreaterThan(10)
  const dumps = tables.map(async ({ name }) => {
    const { rows } = await pool.query<{ row: string }>(`select t::text as row from ${name} t`)
    return rows.map(({ row }) => row).join('\n')
  })
  return (await Promise.all(dumps)).join('\n')
}
