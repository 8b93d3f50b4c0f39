import type { OutflowError } from '@outflow/errors'
import type { Log, Metrics } from '@outflow/runtime'

/** Log events and metrics of the console. */
export type ConsoleTelemetry = ReturnType<typeof makeTelemetry>

/** A list should take at most a fifth of a second; a reader's statement is cancelled after five seconds. */
const SECONDS_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1, 2.5, 5]

export function makeTelemetry(log: Log, metrics: Metrics) {
  const requests = metrics.counter(
    'outflow_console_requests_total',
    'Requests answered, by class of status: 2xx, 4xx, 5xx',
    ['method', 'status'],
  )
  const seconds = metrics.histogram(
    'outflow_console_request_seconds',
    'Time from the request to the answer',
    SECONDS_BOUNDS,
  )
  return {
    consoleStarted: (address: string, authentication: string) =>
      log.info({ address, authentication }, 'console started'),
    requestAnswered: (method: string, status: number, tookSeconds: number) => {
      requests.inc({ method, status: `${Math.floor(status / 100)}xx` })
      seconds.observe(tookSeconds)
    },
    requestFailed: (route: string, error: OutflowError) => {
      if (error.retryable) log.warn({ route, error }, 'console request failed')
      else log.error({ route, error }, 'console request failed')
    },
    startDelayed: (error: OutflowError) => log.warn({ error }, 'start delayed'),
    storeConnectionLost: (error: OutflowError) => log.warn({ error }, 'store connection lost'),
  }
}
