import { runAlerts } from '@outflow/alerts'
import { runConsole } from '@outflow/console'
import { runIngest } from '@outflow/ingest'
import { makeVitals, serveVitals } from '@outflow/runtime'
import { runTrainer, type TrainerOptions } from '@outflow/trainer'
import type { Defer } from '../clean-up.js'
import { runTogether } from '../run-together.js'
import type { DemoStage } from './demo-stage.js'
import type { DemoView } from './demo-view.js'
import { whicheverFirst } from './whichever-first.js'

export interface RunningServices {
  readonly healthUrl: string
  readonly consoleUrl: string
  /** Resolves with the time, epoch ms, at which the first model took over. */
  readonly fitted: Promise<number>
}

/** Runs trainer, ingest and alerts in this process: nothing can be left behind. */
export async function startServices(
  { config, logOf, fail, signal }: DemoStage,
  view: DemoView,
  defer: Defer,
): Promise<RunningServices> {
  const vitals = makeVitals({ pipeline: config.pipeline })
  const server = await serveVitals(vitals, { host: config.http.host, port: config.http.ports.all })
  defer(() => server.close())
  const stop = new AbortController()
  let announceFit: (atMs: number) => void = () => {}
  const fitted = new Promise<number>((resolve) => {
    announceFit = resolve
  })
  let announceConsole: (url: string) => void = () => {}
  const consoleServed = new Promise<string>((resolve) => {
    announceConsole = resolve
  })
  const common = { config, vitals }
  const running = runTogether(
    [
      (inner) =>
        runTrainer({ ...common, log: logOf('trainer'), signal: inner, onProgress: showFit(view, announceFit) }),
      (inner) => runIngest({ ...common, log: logOf('ingest'), signal: inner }),
      (inner) => runAlerts({ ...common, log: logOf('alerts'), signal: inner }),
      (inner) => runConsole({ ...common, log: logOf('console'), signal: inner, onServed: announceConsole }),
    ],
    stop.signal,
  ).catch(fail)
  defer(async () => {
    stop.abort()
    await running
  })
  return { healthUrl: server.url, consoleUrl: await whicheverFirst(consoleServed, signal), fitted }
}

const showFit =
  (view: DemoView, announceFit: (atMs: number) => void): NonNullable<TrainerOptions['onProgress']> =>
  (progress) => {
    if (progress.stage === 'fitting') {
      const { step, maxSteps, validationNll } = progress
      view.show({
        label: 'fit',
        done: step,
        total: maxSteps,
        unit: 'steps',
        detail: `${validationNll.toFixed(3)} nats`,
      })
    }
    if (progress.stage === 'promoted') {
      view.end('fit')
      view.say(`model ${progress.modelId} passed its gate and scores from now on`)
      announceFit(Date.now())
    }
  }
