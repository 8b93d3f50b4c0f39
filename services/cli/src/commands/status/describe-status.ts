import { formatDuration } from '@outflow/contracts/wording'
import { formatCount, type Terminal } from '@outflow/terminal'
import type { Reading } from './reading.js'

/** One row per pipeline, and below it the problems to fix. */
export function describeStatus(
  readings: readonly Reading[],
  { paintResult: paint, table }: Pick<Terminal, 'paintResult' | 'table'>,
): string {
  const drawn = table({
    head: [
      'pipeline',
      'records/s',
      'lag',
      'scored',
      'model',
      'anomalies, 1 h',
      'to send',
      'dead letters, 24 h',
      'drift',
    ],
    aligns: ['left', 'right', 'right', 'right', 'left', 'right', 'right', 'right', 'left'],
    rows: readings.map((reading) => rowOf(reading, paint)),
  })
  return [drawn, ...readings.flatMap(remarksOf)].join('\n')
}

function rowOf(reading: Reading, paint: Terminal['paintResult']): readonly string[] {
  const { pipeline, lag, scored, anomaliesLastHour, waiting, deadLettersLastDay, drift } = reading
  const rate = reading.recordsPerSecond
  return [
    paint.bold(pipeline),
    rate < 10 ? rate.toFixed(1) : formatCount(rate),
    lag === null ? '?' : formatCount(lag),
    formatCount(scored),
    modelOf(reading),
    formatCount(anomaliesLastHour),
    waiting === 0 ? '0' : paint.yellow(formatCount(waiting)),
    deadLettersLastDay === 0 ? '0' : paint.yellow(formatCount(deadLettersLastDay)),
    drift === null ? 'none, 24 h' : paint.yellow(`${drift.chart}, ${ago(drift.notedAt, reading.at)} ago`),
  ]
}

function modelOf({ modelId, modelTrainedAt, at }: Reading): string {
  if (modelId === null || modelTrainedAt === null) return 'none yet'
  return `${modelId.slice(0, 8)}, ${ago(modelTrainedAt, at)} old`
}

const MODEL_DAMAGED =
  'the active model is damaged: ingest scores with an earlier one, or waits; fit another: outflow retrain'

/** Longer than a rebalance or a restart takes. */
const STALLED_MS = 60_000

function remarksOf(reading: Reading): string[] {
  const { pipeline, at, lag, lagUnknown, lastWrite, whyNoModel, waitingSince, drift } = reading
  const remarks: string[] = []
  if (lagUnknown !== null) remarks.push(`lag unknown: ${lagUnknown}`)
  if (whyNoModel !== null) remarks.push(`no model: ${whyNoModel}`)
  else if (lag !== null && lag > 0 && (lastWrite === null || at.getTime() - lastWrite.getTime() > STALLED_MS)) {
    const since = lastWrite === null ? 'yet' : `for ${ago(lastWrite, at)}`
    remarks.push(
      `nothing was written ${since} and records wait: is ingest running? If so, outflow doctor or the log of ingest has the reason`,
    )
  }
  if (reading.isModelDamaged) remarks.push(MODEL_DAMAGED)
  if (reading.whyNoNewerModel !== null) remarks.push(reading.whyNoNewerModel)
  if (reading.provisional !== null) remarks.push(reading.provisional)
  if (reading.unreachable !== null) remarks.push(reading.unreachable)
  if (waitingSince !== null && at.getTime() - waitingSince.getTime() > STALLED_MS) {
    remarks.push(`the oldest message waits for ${ago(waitingSince, at)}: is alerts running?`)
  }
  if (drift !== null && drift.fields.length > 0) {
    const moved = drift.fields.slice(0, 3).map(({ field, nats }) => `${field} by ${nats.toFixed(2)} nats`)
    remarks.push(`drift moved ${moved.join(', ')}`)
  }
  for (const { kind, detail } of reading.healthEvents) {
    if (!REPORTED_ABOVE.includes(kind)) remarks.push(`${kind}: ${detail}`)
  }
  return remarks.map((remark) => `${pipeline}: ${remark}`)
}

/** The kinds of health events that other lines state in more detail. */
const REPORTED_ABOVE = ['no_model', 'drift']

const ago = (then: Date, now: Date): string => formatDuration(now.getTime() - then.getTime())
