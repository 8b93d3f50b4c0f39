import { alertEvent, alertMessage } from '@outflow/alerting'
import { type Config, type FdrState, formatPosition, type Severity } from '@outflow/contracts'
import { type Detector, decide, decisionRule, openDetector } from '@outflow/detector'
import { makeDecoder, messageReader, type RecordWithFields, wholeRecord } from '@outflow/records'
import { loadConfig } from '@outflow/runtime'
import type { Pool } from '@outflow/store'
import {
  type EarlierDecisions,
  earlierDecisions,
  type RescoredAnomaly,
  storeRescoredAnomalies,
} from '@outflow/store/anomalies'
import { activeModelId, listModels, loadModel } from '@outflow/store/models'
import { makeKafka, scanWindow, type WindowRecord } from '@outflow/streams'
import type { Terminal } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { withStore } from '../../store-access.js'
import { makeComparison } from './comparison.js'
import { describeRescore } from './describe-rescore.js'
import type { RescoreReport } from './rescore-report.js'

export interface RescoreOptions {
  readonly from: Date
  readonly to?: Date
  readonly model?: string
  readonly limit: number
  readonly sendAlerts?: true
  readonly config: string
  readonly json?: true
}

/** Scores a past range again compares the decisions with those of then, and prints what would have changed. */
export async function rescoreRange(options: RescoreOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const { from, to = new Date() } = options
  if (from >= to) throw new UsageError(`--from ${from.toISOString()} is not before --to ${to.toISOString()}`)
  const config = await loadConfig(options.config)
  const keptFrom = new Date(Date.now() - config.retention.anomalies)
  if (options.sendAlerts && from < keptFrom) {
    throw new UsageError(
      `--from ${from.toISOString()} is before retention.anomalies, which keeps anomalies from ${keptFrom.toISOString()} on: ` +
        'older anomalies are deleted',
    )
  }
  const report = await withStore(config.postgres.url, async (pool) => {
    const id = await modelOf(pool, config.pipeline, options.model)
    const { artefact } = await loadModel(pool, { pipeline: config.pipeline, id })
    const detector = await openDetector(artefact)
    try {
      return await rescoreWith({ config, pool, detector, from, to, options, terminal, signal })
    } finally {
      await detector.close()
    }
  })
  await terminal.result(options.json ? `${JSON.stringify(report)}\n` : describeRescore(report, terminal))
}

async function modelOf(pool: Pool, pipeline: string, asked: string | undefined): Promise<string> {
  if (asked === undefined) {
    const active = await activeModelId(pool, pipeline)
    if (active !== null) return active
    throw new UsageError(`pipeline ${pipeline} has no active model yet; name one with --model`)
  }
  const found = (await listModels(pool, pipeline)).filter(({ id }) => id.startsWith(asked))
  if (found.length === 1) return found[0]!.id
  throw new UsageError(`${found.length || 'no'} models begin with ${asked}; \`outflow models list\` lists them`)
}

interface RescoreContext {
  readonly config: Config
  readonly pool: Pool
  readonly detector: Detector
  readonly from: Date
  readonly to: Date
  readonly options: RescoreOptions
  readonly terminal: Terminal
  readonly signal: AbortSignal
}

async function rescoreWith({
  config,
  pool,
  detector,
  from,
  to,
  options,
  terminal,
  signal,
}: RescoreContext): Promise<RescoreReport> {
  const { pipeline, source, detection, features } = config
  const { modelId } = detector.metadata
  const rule = decisionRule(detection, detector.metadata)
  const decoder = makeDecoder(source)
  const recordOf = wholeRecord(decoder)
  const reader = messageReader<WindowRecord>({
    decoder,
    source,
    features: detector.metadata.features,
    windows: features,
    maxBytes: MAX_BYTES_A_PARTITION,
  })
  // Online control begins anew with the range.
  const fdrStates = new Map<string, FdrState | null>()
  const comparison = makeComparison(options.limit)
  const isInRange = ({ timestampMs }: WindowRecord) => timestampMs >= from.getTime() && timestampMs < to.getTime()
  let alerts = 0

  const alertOn = async (
    batch: readonly (RecordWithFields<WindowRecord> & { nll: number; pValue: number; severity: Severity })[],
  ) => {
    const anomalies = await Promise.all(
      batch.map(async ({ read, fields, nll, pValue, severity }): Promise<RescoredAnomaly> => {
        const { source: at, eventTimeMs, entityKey } = read
        const { topic, partition, offset } = at
        const anomaly = {
          ...(await detector.explain(fields)),
          ...{ topic, partition, offset },
          eventTimeMs,
          entityKey,
          recordTimeMs: at.timestampMs,
          record: recordOf(at),
          nll,
          pValue,
          pUpper: detector.pUpperLimit(nll),
          missing: detector.missing(fields),
          severity,
          modelId,
        }
        const message = alertMessage(alertEvent(anomaly, { pipeline, detectedAtMs: Date.now() }), config.alerts)
        return { ...anomaly, message }
      }),
    )
    alerts += await storeRescoredAnomalies(pool, pipeline, anomalies)
  }

  const visit = async (all: readonly WindowRecord[]) => {
    signal.throwIfAborted()
    const [first, last] = [all[0], all.at(-1)]
    if (first === undefined || last === undefined) return
    await decoder.prepare(all)
    const records = all.flatMap((message) => {
      const own = reader.read(message)
      if (!isInRange(message)) return []
      if ('reason' in own) comparison.reject()
      return 'reason' in own ? [] : [own]
    })
    const { topic, partition } = first
    const then = await earlierDecisions(pool, pipeline, { topic, partition, first: first.offset, last: last.offset })
    const { nll, pValue } = await detector.score(records.map(({ fields }) => fields))
    const decisions = decide(pValue, rule, fdrStates.get(`${topic}/${partition}`))
    fdrStates.set(`${topic}/${partition}`, decisions.fdrState)
    records.forEach(({ read: { source: at } }, index) => {
      comparison.add({
        position: formatPosition(at),
        nll: nll[index]!,
        pValue: pValue[index]!,
        pValueThen: then.anomalies.get(at.offset) ?? null,
        isAnomaly: decisions.isAnomaly[index] === 1,
        wasScored: wasScored(then, at),
      })
    })
    if (options.sendAlerts === undefined) return
    const found = decisions.anomalies.map(({ index, severity }) => ({
      ...{ ...records[index]!, severity },
      ...{ nll: nll[index]!, pValue: pValue[index]! },
    }))
    await alertOn(found.filter(({ read: { source: at } }) => !then.anomalies.has(at.offset)))
  }

  const progress = terminal.progress({ label: 'rescore', total: null, unit: 'records' })
  try {
    const { isCutShort } = await scanWindow(
      makeKafka(config.kafka),
      {
        topics: source.topics,
        skipTombstones: source.tombstones === 'skip',
        fromMs: from.getTime() - reader.longestWindowMs,
        onProgress: ({ read }) => progress.update(read),
        signal,
      },
      visit,
    )
    if (isCutShort) terminal.say('the topics no longer have the whole range: their retention is shorter')
  } finally {
    progress.stop()
  }
  return {
    pipeline,
    from: from.toISOString(),
    to: to.toISOString(),
    modelId,
    rule,
    ...comparison.result(),
    alerts,
  }
}

function wasScored({ judgedBefore }: EarlierDecisions, { offset }: WindowRecord): boolean {
  return judgedBefore !== null && offset < judgedBefore
}

/** Twice what ingest has: there is no store to load from. */
const MAX_BYTES_A_PARTITION = 32 * 1024 ** 2
