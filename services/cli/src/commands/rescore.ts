import { alertEvent, eventMessage } from '@outflow/alerting'
import { anomalyId, type Config, type FdrState, includesEnd } from '@outflow/contracts'
import { formatRarity } from '@outflow/contracts/wording'
import { type Detector, decide, decisionRule, withDetector } from '@outflow/detector'
import { makeDecoder, messageReader, type RecordWithFields, wholeRecord, withWindowsOf } from '@outflow/records'
import { missingFeatures } from '@outflow/records/fields'
import type { Pool } from '@outflow/store'
import { earlierDecisions, type RescoredAnomaly, storeRescoredAnomalies } from '@outflow/store/anomalies'
import { activeModelId, loadModel } from '@outflow/store/models'
import { makeKafka, scanWindow, type WindowRecord } from '@outflow/streams'
import { formatCount, formatCounted, type Terminal } from '@outflow/terminal'
import { type CommandContext, printResult } from '../command-context.js'
import { UsageError } from '../errors.js'
import { interruptible } from '../interrupt.js'
import { moment, notBlank, type RangeOptions, rangeOf, toOption, wholeNumber } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { modelBeginning, withPipeline } from '../store-access.js'
import { type DecisionChange, makeComparison } from './rescore/comparison.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Scores the records of a past range with a model and the current configuration, compares the decisions ' +
        'with the stored ones, and prints what would have changed. P-values are not recalibrated, so that decisions ' +
        'can differ even without a change. Changes nothing without --send-alerts.',
    )
    .requiredOption('--from <time>', "start, by Kafka's timestamp: ISO 8601, or 24h for 24 hours ago", moment)
    .addOption(toOption())
    .option('--model <id>', 'the model: its id, or the first characters of it; default: the active one', notBlank)
    .option('--limit <n>', 'number of records to list of each kind', wholeNumber(0), 20)
    .option('--send-alerts', 'store new anomalies, and alert on each at most once; the alerts service sends the alerts')
    .pipelineOptions('the report')
    .examples(
      'outflow rescore --from 24h',
      'outflow rescore --from 2026-01-31T08:00:00Z --to 2026-01-31T09:00:00Z --model 3f2a --json',
    )
    .action((options: RescoreOptions) => interruptible((signal) => rescoreRange(options, terminal, signal)))
}

interface RescoreOptions extends RangeOptions {
  readonly model?: string
  readonly limit: number
  readonly sendAlerts?: true
}

export async function rescoreRange(options: RescoreOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { from, to } = rangeOf(options)
  const report = await withPipeline(options, async (pool, config) => {
    const keptFrom = new Date(Date.now() - config.retention.anomalies)
    if (options.sendAlerts && from < keptFrom) {
      throw new UsageError(
        `--from ${from.toISOString()} is before retention.anomalies, which keeps anomalies from ${keptFrom.toISOString()} on: ` +
          'older anomalies are deleted',
      )
    }
    const id = await modelOf(pool, config.pipeline, options.model)
    const { artefact } = await loadModel(pool, { pipeline: config.pipeline, id })
    return withDetector(artefact, (detector) => {
      if (options.sendAlerts && detector.metadata.provisional && !config.alerts.provisional) {
        throw new UsageError(
          `model ${id} is provisional, and alerts.provisional is false: set it to true, or name another model with --model`,
        )
      }
      return rescoreWith({ config, pool, detector, terminal, signal }, { ...options, from, to })
    })
  })
  await printResult(terminal, options.json, report, describeRescore(report, terminal))
}

async function modelOf(pool: Pool, pipeline: string, requested: string | undefined): Promise<string> {
  if (requested !== undefined) return (await modelBeginning(pool, pipeline, requested)).id
  const active = await activeModelId(pool, pipeline)
  if (active !== null) return active
  throw new UsageError(`pipeline ${pipeline} has no active model yet; name one with --model`)
}

interface RescoreContext {
  readonly config: Config
  readonly pool: Pool
  readonly detector: Detector
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

async function rescoreWith(
  { config, pool, detector, terminal, signal }: RescoreContext,
  { from, to, limit, sendAlerts }: RescoreOptions & { readonly to: Date },
) {
  const { pipeline, source, detection, features } = config
  const { modelId } = detector.metadata
  const rule = decisionRule(detection, detector.metadata)
  const decoder = makeDecoder(source)
  const recordOf = wholeRecord(decoder)
  const reader = messageReader<WindowRecord>({
    decoder,
    source,
    features: detector.metadata.features,
    windows: withWindowsOf(detector.metadata.features, features),
    maxBytes: MAX_BYTES_A_PARTITION,
  })
  // Online FDR control starts at the beginning of the range.
  const fdrStates = new Map<string, FdrState | null>()
  const comparison = makeComparison(limit)
  const endMs = includesEnd(to) ? Number.POSITIVE_INFINITY : to.getTime()
  const isInRange = ({ timestampMs }: WindowRecord) => timestampMs >= from.getTime() && timestampMs < endMs
  let alerts = 0

  const anomalyOf = (
    { read: { source: at, eventTimeMs, entityKey }, fields }: RecordWithFields<WindowRecord>,
    decided: Pick<RescoredAnomaly, 'nll' | 'pValue' | 'severity'>,
  ): RescoredAnomaly => {
    const { topic, partition, offset } = at
    const anomaly = {
      ...{ topic, partition, offset, eventTimeMs, entityKey, recordTimeMs: at.timestampMs, record: recordOf(at) },
      ...decided,
      pUpper: detector.pUpperLimit(decided.nll),
      missing: missingFeatures(detector.metadata.features, fields),
      windowed: detector.windowed(fields),
      modelId,
      provisional: detector.metadata.provisional,
    }
    const event = alertEvent(anomaly, { pipeline, detectedAtMs: Date.now(), consoleUrl: config.console.url })
    return { ...anomaly, message: eventMessage(event, config.alerts) }
  }

  const visit = async (batch: readonly WindowRecord[]) => {
    signal.throwIfAborted()
    // Windowed features also need the records before the range; the topics are read to their end in any case.
    const all = reader.longestWindowMs > 0 ? batch : batch.filter(isInRange)
    const [first, last] = [all[0], all.at(-1)]
    if (first === undefined || last === undefined) return
    const { topic, partition } = first
    const then = await earlierDecisions(pool, pipeline, { topic, partition, first: first.offset, last: last.offset })
    await decoder.prepare(all)
    const records = all.flatMap((message) => {
      const own = reader.read(message)
      if (!isInRange(message)) return []
      if (!('reason' in own)) return [own]
      comparison.reject(then.pValueOf(message))
      return []
    })
    const { nll, pValue } = await detector.score(records.map(({ fields }) => fields))
    const decisions = decide(pValue, rule, fdrStates.get(`${topic}/${partition}`))
    fdrStates.set(`${topic}/${partition}`, decisions.fdrState)
    records.forEach(({ read: { source: at } }, index) => {
      comparison.add({
        id: anomalyId(pipeline, at),
        nll: nll[index]!,
        pValue: pValue[index]!,
        pValueThen: then.pValueOf(at),
        isAnomaly: decisions.isAnomaly[index] === 1,
        wasScored: then.scoredBefore !== null && at.offset < then.scoredBefore,
      })
    })
    if (sendAlerts === undefined) return
    const anomalies = decisions.anomalies
      .filter(({ index }) => then.pValueOf(records[index]!.read.source) === null)
      .map(({ index, severity }) => anomalyOf(records[index]!, { nll: nll[index]!, pValue: pValue[index]!, severity }))
    alerts += await storeRescoredAnomalies(pool, pipeline, anomalies)
  }

  const progress = terminal.progress({ label: 'rescore', total: null, unit: 'record' })
  try {
    const { isCutShort } = await scanWindow(
      makeKafka(config.kafka),
      {
        topics: source.topics,
        skipTombstones: source.tombstones === 'skip',
        fromMs: from.getTime() - reader.longestWindowMs,
        onProgress: progress.update,
        signal,
      },
      visit,
    )
    const history = reader.longestWindowMs > 0 ? ', or the records before it that windowed features need' : ''
    if (isCutShort) terminal.say(`the topics no longer have the whole range${history}: their retention is shorter`)
  } finally {
    progress.stop()
  }
  return {
    pipeline,
    from: from.toISOString(),
    to: to.toISOString(),
    modelId,
    /** The rule for the new decisions. */
    rule,
    ...comparison.result(),
    /** Alerts written to the outbox; 0 without --send-alerts. */
    alerts,
  }
}

/** Twice the limit of ingest, which can also load history from the store. */
const MAX_BYTES_A_PARTITION = 32 * 1024 ** 2

type RescoreReport = Awaited<ReturnType<typeof rescoreWith>>

/** The report as text: counts, then the least likely of the changed records. */
function describeRescore(report: RescoreReport, terminal: Terminal): string {
  const { records, scored, rejected, notScoredThen, anomaliesThen, anomaliesNow, stillAnomalies, alerts } = report
  const rule = 'fdr' in report.rule ? `fdr ${report.rule.fdr}` : `alert rate ${report.rule.alertRate.toPrecision(3)}`
  const lines = [
    `${report.pipeline}, ${report.from} to ${report.to}, by model ${report.modelId} at ${rule}`,
    `${formatCounted(records, 'record')}: ${formatCount(scored)} scored, ${formatCount(rejected)} rejected` +
      `${notScoredThen > 0 ? `; ${formatCount(notScoredThen)} had not been scored` : ''}`,
    `anomalies then ${formatCount(anomaliesThen)}, now ${formatCount(anomaliesNow)}, both times ${formatCount(stillAnomalies)}`,
    `new anomalies ${formatCount(report.newAnomalies)}, no longer anomalies ${formatCount(report.noLongerAnomalies)}`,
    ...(alerts > 0 ? [`${formatCounted(alerts, 'alert')} will be sent`] : []),
    ...tableOf('new anomaly', report.newly, terminal),
    ...tableOf('no longer an anomaly', report.noLonger, terminal),
  ]
  return lines.join('\n')
}

function tableOf(what: string, changes: readonly DecisionChange[], terminal: Terminal): string[] {
  if (changes.length === 0) return []
  const rows = changes.map(({ id, pValue, pValueThen }) => [
    ...[id, formatRarity(pValue)],
    pValueThen === null ? 'none' : formatRarity(pValueThen),
  ])
  return [terminal.table({ head: [what, 'now', 'then'], rows })]
}
