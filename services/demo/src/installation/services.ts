import { runAlerts } from '@outflow/alerts'
import { runConsole } from '@outflow/console'
import { runIngest } from '@outflow/ingest'
import { makeVitals, runTogether, serveVitals, waitFor } from '@outflow/runtime'
import { fitProgress } from '@outflow/terminal'
import { runTrainer } from '@outflow/trainer'
import type { Defer } from './clean-up.js'
import type { Installation } from './installation.js'
import { POLL_INTERVAL_MS } from './watch-scoring.js'

/** Runs all services in this process, so that no child process can remain. */
export async function startServices({ terminal, config, logOf, fail, signal }: Installation, defer: Defer) {
  const vitals = makeVitals({ pipeline: config.pipeline })
  const server = await serveVitals(vitals, { host: config.http.host, port: config.http.ports.all })
  defer(() => server.close())
  const fit = fitProgress(terminal)
  defer(fit.stop)
  let fittedAtMs: number | null = null
  const onProgress: Parameters<typeof runTrainer>[0]['onProgress'] = (progress) => {
    if (progress.stage === 'fitting') fit.update(progress)
    if (progress.stage === 'promoted') {
      fit.stop()
      terminal.say(`model ${progress.modelId} passed its gate and scores from now on`)
      fittedAtMs = Date.now()
    }
  }
  let consoleUrl: string | null = null
  const onServed = (url: string): void => {
    consoleUrl = url
  }
  const stop = new AbortController()
  const common = { config, vitals }
  const running = runTogether(
    [
      (inner) => runTrainer({ ...common, log: logOf('trainer'), signal: inner, onProgress }),
      (inner) => runIngest({ ...common, log: logOf('ingest'), signal: inner }),
      (inner) => runAlerts({ ...common, log: logOf('alerts'), signal: inner }),
      (inner) => runConsole({ ...common, log: logOf('console'), signal: inner, onServed }),
    ],
    stop.signal,
  ).catch(fail)
  defer(async () => {
    stop.abort()
    await running
  })
  return {
    healthUrl: server.url,
    consoleUrl: await waitFor(() => consoleUrl, { everyMs: POLL_INTERVAL_MS, signal }),
    /** The time, epoch ms, at which the first model became active; null before. */
    fittedAtMs: () => fittedAtMs,
  }
}
