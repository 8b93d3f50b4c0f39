import { jsonbText, plainText, timestampText } from '../connection/postgres-text.js'
import type { BatchWrite, ShadowWrite } from './batch.js'

// What a batch changes, as columns that the statement unnests; at each the parameters that it is in the full statement.

// What dead_letters keeps of a record, for looking; its whole bytes travel in the outbox.
const VALUE_START_BYTES = 1024
const KEY_BYTES = 1024
const DETAIL_LENGTH = 1000

/** $1 … $10 */
export function offsetValues(batch: BatchWrite): unknown[] {
  const alerts = batch.outbox.filter(({ kind }) => kind === 'alert').length
  return [
    batch.pipeline,
    batch.topic,
    batch.partition,
    batch.expectedOffset,
    batch.nextOffset,
    batch.received,
    batch.scored,
    batch.deadLetters.length,
    batch.anomalies.length,
    alerts,
  ]
}

/** $11 … $20 */
export function anomalyValues({ anomalies }: BatchWrite): unknown[] {
  return [
    anomalies.map(({ offset }) => offset),
    anomalies.map(({ recordTimeMs }) => timestampText(recordTimeMs)),
    anomalies.map(({ eventTimeMs }) => timestampText(eventTimeMs)),
    anomalies.map(({ entityKey }) => entityKey && plainText(entityKey)),
    anomalies.map(({ record }) => jsonbText(record)),
    anomalies.map(({ nll }) => nll),
    anomalies.map(({ pValue }) => pValue),
    anomalies.map(({ severity }) => severity),
    anomalies.map(({ reasons }) => jsonbText(reasons)),
    anomalies.map(({ modelId }) => modelId),
  ]
}

/** $21 … $27 */
export function deadLetterValues({ deadLetters }: BatchWrite): unknown[] {
  return [
    deadLetters.map(({ offset }) => offset),
    deadLetters.map(({ reason }) => reason),
    deadLetters.map(({ detail }) => plainText(detail.slice(0, DETAIL_LENGTH))),
    deadLetters.map(({ key }) => key?.subarray(0, KEY_BYTES)),
    deadLetters.map(({ value }) => value?.subarray(0, VALUE_START_BYTES)),
    deadLetters.map(({ value }) => value?.byteLength),
    deadLetters.map(({ recordTimeMs }) => timestampText(recordTimeMs)),
  ]
}

/** $33 … $40 */
export function scoreValues({ scores }: BatchWrite): unknown[] {
  return [
    scores.map(({ minuteMs }) => timestampText(minuteMs)),
    scores.map(({ modelId }) => modelId),
    scores.map(({ scored }) => scored),
    scores.map(({ anomalies }) => anomalies),
    scores.map(({ nllMin }) => nllMin),
    scores.map(({ nllMax }) => nllMax),
    scores.map(({ nllSum }) => nllSum),
    // A list of lists would be unnested to its numbers.
    scores.map(({ histogram }) => `{${histogram.join(',')}}`),
  ]
}

export function pHistogramValues({ scores }: BatchWrite): unknown[] {
  return [scores.map(({ pHistogram }) => `{${pHistogram.join(',')}}`)]
}

/** $41 … $43 */
export function rejectionValues({ rejections }: BatchWrite): unknown[] {
  return [
    rejections.map(({ minuteMs }) => timestampText(minuteMs)),
    rejections.map(({ reason }) => reason),
    rejections.map(({ rejected }) => rejected),
  ]
}

/** $44 … $46 */
export function windowValues({ windowStates = [] }: BatchWrite): unknown[] {
  return [
    windowStates.map(({ by }) => by),
    windowStates.map(({ entity }) => entity),
    windowStates.map(({ state }) => state),
  ]
}

/** $47 … $50 */
export function verdictValues({ anomalies, fdrState = null }: BatchWrite): unknown[] {
  return [
    anomalies.map(({ pUpper }) => pUpper),
    anomalies.map(({ nearest }) => nearest && jsonbText(nearest)),
    fdrState && jsonbText(fdrState),
    anomalies.map(({ missing }) => jsonbText(missing)),
  ]
}

/** $54 … $69 */
export function shadowValues({ differences, ...counts }: ShadowWrite): unknown[] {
  return [
    counts.shadowId,
    counts.modelId,
    counts.scored,
    counts.flaggedByBoth,
    counts.flaggedByActive,
    counts.flaggedByShadow,
    differences.map(({ offset }) => offset),
    differences.map(({ flaggedBy }) => flaggedBy),
    differences.map(({ recordTimeMs }) => timestampText(recordTimeMs)),
    differences.map(({ eventTimeMs }) => timestampText(eventTimeMs)),
    differences.map(({ entityKey }) => entityKey && plainText(entityKey)),
    differences.map(({ record }) => jsonbText(record)),
    differences.map(({ nll }) => nll),
    differences.map(({ pValue }) => pValue),
    differences.map(({ shadowNll }) => shadowNll),
    differences.map(({ shadowPValue }) => shadowPValue),
  ]
}
