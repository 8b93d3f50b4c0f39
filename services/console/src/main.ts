import { once } from 'node:events'
import { untilAllAnswer } from '@outflow/errors/retrying'
import { listenOn, type ServiceOptions } from '@outflow/runtime'
import { openPool, postgresCheck, withReadOnlyTransaction } from '@outflow/store'
import { loginsOf } from './login/users.js'
import { makeServer } from './server.js'
import { makeTelemetry } from './telemetry.js'

interface ConsoleOptions extends ServiceOptions {
  /** Called with the address when the server accepts requests. */
  readonly onServed?: (url: string) => void
}

/**
 * Serves the console until the signal aborts: the page, its API, health and metrics, on `console.host` and
 * `http.ports.console`. Requests are answered with 503 while the store is unavailable or lacks migrations.
 *
 * @throws {HealthAddressUnavailable} when the address cannot be bound
 * @throws {OutflowError} if Postgres rejects the login or the certificate at the start
 */
export async function runConsole({ config, log, signal, vitals, onServed }: ConsoleOptions): Promise<void> {
  const telemetry = makeTelemetry(log, vitals.metrics)
  const pool = openPool(config.postgres.url, {
    applicationName: 'outflow-console',
    onError: telemetry.storeConnectionLost,
  })
  const removeCheck = vitals.check('console', 'postgres', () => postgresCheck(pool))
  let isMigrated = false
  const server = await makeServer({
    config,
    pool,
    read: async (query) => {
      if (!isMigrated) await postgresCheck(pool)
      return withReadOnlyTransaction(pool, query)
    },
    vitals,
    telemetry,
  })
  try {
    const { host } = config.console
    const { console: port } = config.http.ports
    const url = await listenOn((address) => server.listen(address), { host, port }, 'the console')
    telemetry.consoleStarted(url, loginsOf(config.console).join(', ') || 'none')
    onServed?.(url)
    await untilAllAnswer([() => postgresCheck(pool)], { signal, onRetry: telemetry.startDelayed })
    isMigrated = true
    if (!signal.aborted) await once(signal, 'abort')
  } finally {
    await server.close()
    removeCheck()
    await pool.end()
  }
}
