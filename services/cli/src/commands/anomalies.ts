import { anomalyId, type Config } from '@outflow/contracts'
import { featureName } from '@outflow/contracts/feature'
import { formatMistake, formatRarity, formatShares } from '@outflow/contracts/wording'
import { pause } from '@outflow/errors/retrying'
import type { Pool } from '@outflow/store'
import { type AnalystAnomaly, anomaliesForAnalyst } from '@outflow/store/anomalies'
import { formatCount, oneLine, type Terminal } from '@outflow/terminal'
import { type CommandContext, printResult } from '../command-context.js'
import { interruptible } from '../interrupt.js'
import { requireKnown } from '../known-names.js'
import { moment, wholeNumber } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { type PipelineOptions, whenAvailable, withPipeline } from '../store-access.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Lists stored anomalies, newest first: when each was found, its severity, how rare it is, its id and key, the main reason with ' +
        'the mistake that explains it, where one stands out, and the share of each field; [provisional] marks those of a provisional model. A login with the role outflow_analyst is enough.',
    )
    .option('--since <time>', 'only those found since: ISO 8601, or 1h for an hour ago; default: 24h', moment)
    .option('--key <key>', 'only those of this entity')
    .option('--field <name>', 'only those with this field as the main reason')
    .option('--limit <n>', 'maximum number; with --follow of those already found', wholeNumber(1), 1_000)
    .option('--follow', 'newest last, and then new ones as they come, with their reasons, until Ctrl-C')
    .pipelineOptions('one object per anomaly')
    .examples(
      'outflow anomalies --since 1h',
      'outflow anomalies --key LAX --field delay --json',
      'outflow anomalies --follow',
    )
    .action((given: Omit<AnomaliesOptions, 'since'>) => {
      const options = { since: moment('24h'), ...given }
      // A list has nothing to clean up: a signal ends the process, also between two lines.
      if (!options.follow) return listAnomalies(options, terminal)
      return interruptible((signal) => followAnomalies(options, terminal, signal))
    })
}

interface AnomaliesOptions extends PipelineOptions {
  readonly since: Date
  readonly key?: string
  readonly field?: string
  readonly limit: number
  readonly follow?: true
}

async function listAnomalies(options: AnomaliesOptions, terminal: Terminal): Promise<void> {
  await withPipeline(options, async (pool, config) => {
    // One more than the limit shows that there are more.
    const found = await findAnomalies(pool, config, options, options.limit + 1)
    if (found.length === 0 && !options.json) return terminal.result('no anomaly\n')
    for (const anomaly of found.slice(0, options.limit)) await print(anomaly, options, terminal)
    if (found.length > options.limit)
      terminal.say(`these are the newest ${formatCount(options.limit)}; more: --limit, or outflow export`)
  })
}

/** Prints the stored anomalies, and then new ones until the signal aborts. While Postgres is unavailable, it waits. */
async function followAnomalies(options: AnomaliesOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  await withPipeline(options, async (pool, config) => {
    const { pipeline } = config
    const { key, field } = options
    let latest = await findAnomalies(pool, config, options, MOST_AT_ONCE)
    let printed: ReadonlySet<string> = new Set(latest.slice(options.limit).map(idOf))
    let since = options.since
    const readLatest = () => anomaliesForAnalyst(pool, { pipeline, since, key, field, limit: MOST_AT_ONCE })
    while (!signal.aborted) {
      const unprinted = latest.filter((anomaly) => isComplete(anomaly) && !printed.has(idOf(anomaly)))
      for (const anomaly of unprinted.toReversed()) await print(anomaly, options, terminal)
      printed = new Set([...unprinted, ...latest.filter((anomaly) => printed.has(idOf(anomaly)))].map(idOf))
      await pause(POLL_INTERVAL_MS, signal)
      since = new Date(Math.max(since.getTime(), lookBackFrom(latest)))
      latest = (await whenAvailable(readLatest, signal, terminal.say)) ?? []
    }
  })
}

/** @throws {UsageError} when none is found and the configuration has no such field; an earlier one may have had it */
async function findAnomalies(pool: Pool, config: Config, { key, field, since }: AnomaliesOptions, limit: number) {
  const found = await anomaliesForAnalyst(pool, { pipeline: config.pipeline, since, key, field, limit })
  if (found.length === 0 && field !== undefined) requireKnown('feature', field, config.features.map(featureName))
  return found
}

const POLL_INTERVAL_MS = 1_000
/** Far more than a pipeline finds in the time that --follow looks back. */
const MOST_AT_ONCE = 10_000
/** A row has the time at which its transaction began and is visible once that has committed; no batch takes as long. */
const LOOK_BACK_MS = 30_000
/** Reasons are computed within about ten milliseconds, unless there are many anomalies at once. */
const REASONS_WAIT_MS = 5_000

/**
 * Returns the time from which to read again, epoch ms. It is based on what was read, not on this machine's clock, which can differ from
 * that of Postgres; and after a pause, nothing of the pause is left out.
 */
function lookBackFrom([newest]: readonly AnalystAnomaly[]): number {
  // An anomaly can have a time in the future, if the clock of Postgres was wrong.
  return newest === undefined ? 0 : Math.min(newest.detectedAt.getTime(), Date.now()) - LOOK_BACK_MS
}

/** Whether an anomaly can be printed: its reasons are stored, cannot be computed, or are late. */
function isComplete({ reasons, unexplainable, detectedAt }: AnalystAnomaly): boolean {
  return reasons !== null || unexplainable !== null || Date.now() - detectedAt.getTime() > REASONS_WAIT_MS
}

const idOf = (anomaly: AnalystAnomaly): string => anomalyId(anomaly.pipeline, anomaly)

async function print(anomaly: AnalystAnomaly, { json }: PipelineOptions, terminal: Terminal): Promise<void> {
  const value = { id: idOf(anomaly), ...anomaly, offset: String(anomaly.offset) }
  await printResult(terminal, json, value, describe(anomaly))
}

/** One line: when, severity, rarity, id, key, why. */
export function describe(anomaly: AnalystAnomaly): string {
  const { detectedAt, severity, pValue, entityKey, provisional, reasons, counterfactual, unexplainable } = anomaly
  const [main] = reasons ?? []
  const isOfMain = counterfactual?.changes.some(({ field }) => field === main?.field)
  const mistake = isOfMain && counterfactual?.mistake ? `: ${formatMistake(counterfactual.mistake)}` : ''
  const why =
    main === undefined ? (unexplainable ?? 'without reasons yet') : `${main.text}${mistake} (${formatShares(reasons!)})`
  return [
    `${detectedAt.toISOString().slice(0, 19)}Z`,
    severity.padEnd(6),
    formatRarity(pValue).padEnd(25),
    oneLine(idOf(anomaly)),
    oneLine(entityKey ?? 'no key'),
    oneLine(provisional ? `${why} [provisional]` : why),
  ].join('  ')
}
