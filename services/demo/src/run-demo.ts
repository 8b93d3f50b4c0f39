import { anomalyId } from '@outflow/contracts'
import { leastLikelyAnomalies } from '@outflow/store/anomalies'
import type { Terminal } from '@outflow/terminal'
import { type DemoEnd, feedAndScore } from './feed-and-score.js'
import { streamFlights } from './flights/stream-flights.js'
import { LEAST_LIKELY } from './flights/unlikely-flights.js'
import { withCleanUp } from './installation/clean-up.js'
import type { Installation } from './installation/installation.js'
import { summaryText } from './summary/summary-text.js'

interface DemoOptions {
  /** End after the summary instead of streaming until the signal. */
  readonly once?: true
  /** Print the summary as JSON. */
  readonly json?: true
}

/**
 * Feeds real flights, some of them corrupted, to the unmodified services, prints the results, streams more until the signal aborts,
 * and removes everything that it created.
 *
 * @throws {DemoFailed} when a service logged an error before the results were printed
 * @throws the error of the first service that failed, or the signal's reason
 */
export async function runDemo(options: DemoOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  await withCleanUp(async (defer) => {
    const end = await feedAndScore(terminal, signal, defer)
    await print(end, options)
    if (!options.once && !signal.aborted) await streamFlights(end.installation, signal)
    terminal.say('cleaning up')
  })
}

async function print(end: DemoEnd, options: DemoOptions): Promise<void> {
  const { summary, installation } = end
  const { terminal, pool, config } = installation
  const { pipeline } = config
  const leastLikely = await leastLikelyAnomalies(pool, { pipeline, limit: LEAST_LIKELY })
  const json = `${JSON.stringify(summary, null, 2)}\n`
  await terminal.result(options.json ? json : summaryText(summary, leastLikely, terminal))
  if (options.once) return
  const [first] = leastLikely
  terminal.say(lookAroundText(end, first ? anomalyId(pipeline, first) : null))
}

interface Places extends Pick<DemoEnd, 'healthUrl' | 'consoleUrl'> {
  readonly installation: Pick<Installation, 'databaseUrl' | 'configPath' | 'logPath'>
}

/** Commands that the user can run while the demo runs; one needs the id of an anomaly. */
export function lookAroundText({ installation, healthUrl, consoleUrl }: Places, anomalyId: string | null): string {
  const config = quoted(installation.configPath)
  const psql = (sql: string): string => `  psql ${quoted(installation.databaseUrl)} -c "${sql}"`
  return [
    `Still running, with its console at ${consoleUrl}`,
    'To look around in another terminal:',
    psql(`select event_time, why, record from analyst.anomalies order by nll desc limit 10`),
    psql('select reason, count(*) from analyst.dead_letters group by 1'),
    ...(anomalyId === null ? [] : [`  npx outflow explain --anomaly ${anomalyId} --config ${config}`]),
    `  npx outflow models list --config ${config}`,
    `  npx outflow doctor --config ${config}`,
    `  curl ${healthUrl}/readyz ; curl ${healthUrl}/metrics`,
    `  less ${quoted(installation.logPath)}`,
    'Ctrl-C ends it and removes everything that it created.',
    '',
  ].join('\n')
}

/** The word in a shell command. */
const quoted = (word: string): string =>
  /^[\w./:@-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
