import { runAlerts } from '@outflow/alerts'
import type { Config } from '@outflow/contracts'
import { type Log, makeVitals } from '@outflow/runtime'
import { testLog } from './test-log.js'

/** Runs the alerts service in this process. @returns its metrics, and a function that stops it */
export function startRelay(config: Config, log: Log = testLog()) {
  const abort = new AbortController()
  const vitals = makeVitals()
  const running = runAlerts({ config, log, vitals, signal: abort.signal })
  return {
    vitals,
    stop: (): Promise<void> => {
      abort.abort()
      return running
    },
  }
}
