import { once } from 'node:events'
import { formatPosition } from '@outflow/contracts'
import { strangestAnomalies } from '@outflow/store/anomalies'
import { withCleanUp } from '../clean-up.js'
import type { Terminal } from '../terminal.js'
import { makeDemoView } from './demo-view.js'
import { lookAroundText } from './look-around.js'
import { type DemoEnd, runDemo } from './run-demo.js'
import { summaryText } from './summary-text.js'
import { STRANGEST } from './watch-scoring.js'

export interface DemoOptions {
  readonly once?: true
  readonly json?: true
}

/** Plays the demo, tells how it went, waits until it is ended, and leaves nothing behind. */
export async function demo(options: DemoOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const view = makeDemoView(terminal, process.stderr)
  await withCleanUp(async (defer) => {
    const end = await withCleanUp(async (deferView) => {
      deferView(view.close)
      return runDemo({ view, signal, defer })
    })
    await tell(end, options, terminal)
    if (!options.once && !signal.aborted) await once(signal, 'abort')
    terminal.say('cleaning up')
  })
}

async function tell(
  { summary, stage, healthUrl, consoleUrl }: DemoEnd,
  options: DemoOptions,
  terminal: Terminal,
): Promise<void> {
  const { config, configPath, logPath, pool } = stage
  const { pipeline } = config
  const strangest = await strangestAnomalies(pool, { pipeline, limit: STRANGEST })
  if (options.json) await terminal.result(`${JSON.stringify(summary, null, 2)}\n`)
  else await terminal.result(summaryText(summary, strangest, process.stdout.columns ?? 120))
  if (options.once) return
  const first = strangest[0]
  const anomalyId = first ? `${pipeline}/${formatPosition(first)}` : null
  terminal.say(
    lookAroundText({
      databaseUrl: config.postgres.url,
      configPath,
      logPath,
      healthUrl,
      consoleUrl,
      pipeline,
      anomalyId,
    }),
  )
}
