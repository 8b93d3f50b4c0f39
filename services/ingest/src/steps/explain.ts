import type { Explanation, Reason } from '@outflow/contracts'
import { recalibrate } from '@outflow/detector'
import { toOutflowError } from '@outflow/errors'
import { fieldsAt, type JsonObject } from '@outflow/records'
import type { KafkaRecord } from '@outflow/streams'
import type { ComparedBatch, DecidedBatch, ExplainedBatch, ModelLease } from '../batch.js'
import type { IngestTelemetry } from '../telemetry.js'

export interface ExplainOptions {
  /** Returns the whole record of a message that could be read. */
  readonly recordOf: (source: KafkaRecord) => JsonObject
  readonly telemetry: Pick<IngestTelemetry, 'explanationsShortened' | 'explanationsSkipped' | 'explanationFailed'>
  /** ms that only grow; default: the clock. */
  readonly now?: () => number
}

/** Of the time that passes, what may go into reasons in the long run. */
const SHARE_OF_TIME = 0.2
/** ms saved up while there is little to explain; and as much may be owed by brief reasons before there are none. */
const MOST_CREDIT_MS = 250
/** Records that are explained briefly in one call of the scorer, some tens of rows each. */
const BRIEF_AT_ONCE = 256

/**
 * Makes the step that explains each anomaly, the strangest first. Reasons may take a fifth of the time: a burst of
 * anomalies has brief ones once that is used up, marked as such, and none when those too have taken their share. An explanation
 * that fails costs the reasons, not the anomaly.
 */
export function explainWith({ recordOf, telemetry, now = () => performance.now() }: ExplainOptions) {
  const credit = makeCredit(now)
  return async (batch: ComparedBatch): Promise<ExplainedBatch> => {
    const { nll, pValue } = batch.scores
    const found = batch.decisions.anomalies
    const strangestFirst = found.map(({ index }) => index).sort((a, b) => nll[b]! - nll[a]!)
    const explanations = new Map<number, Explanation>()
    for (const index of strangestFirst) {
      const explanation = await credit.spend(() => explanationOf(batch, index, telemetry), { least: 0 })
      if (explanation === null) break
      explanations.set(index, explanation)
    }
    const full = explanations.size
    while (explanations.size < strangestFirst.length) {
      const next = strangestFirst.slice(explanations.size, explanations.size + BRIEF_AT_ONCE)
      const reasons = await credit.spend(() => brieflyOf(batch, next, telemetry), { least: -MOST_CREDIT_MS })
      if (reasons === null) break
      next.forEach((index, place) => {
        explanations.set(index, { reasons: reasons[place] ?? [], counterfactual: null })
      })
    }
    if (explanations.size > full) telemetry.explanationsShortened(batch.delivery, explanations.size - full)
    const skipped = strangestFirst.length - explanations.size
    if (skipped > 0) telemetry.explanationsSkipped(batch.delivery, skipped)
    return {
      ...batch,
      anomalies: found.map(({ index, severity }) => {
        const { source, eventTimeMs, entityKey } = batch.records[index]!
        return {
          offset: source.offset,
          recordTimeMs: source.timestampMs,
          eventTimeMs,
          entityKey,
          record: recordOf(source),
          nll: nll[index]!,
          pValue: pValue[index]!,
          pUpper: upperLimit(batch.model, nll[index]!),
          missing: batch.model.detector.missing(fieldsAt(batch.fields, index)),
          severity,
          ...(explanations.get(index) ?? NONE),
          modelId: batch.model.modelId,
          recalibrationId: batch.model.recalibrationId,
        }
      }),
    }
  }
}

const NONE: Explanation = { reasons: [], counterfactual: null }

/** Recalibrated as the p-value is. */
function upperLimit({ detector, recalibration }: ModelLease, nll: number): number {
  return recalibrate(recalibration, Float64Array.of(detector.pUpperLimit(nll)))[0]!
}

/**
 * Time that may be spent: a share of what passes, saved up to a limit. Partitions spend it in turn: of two at once each
 * would pay for both.
 */
function makeCredit(now: () => number) {
  let credit = MOST_CREDIT_MS
  let at = now()
  let turn: Promise<unknown> = Promise.resolve()
  const left = () => {
    const then = at
    at = now()
    credit = Math.min(MOST_CREDIT_MS, credit + SHARE_OF_TIME * (at - then))
    return credit
  }
  return {
    /** @returns null where no more than `least` is left when its turn comes; `work` does not throw */
    spend: <T>(work: () => Promise<T>, { least }: { readonly least: number }): Promise<T | null> => {
      const mine = turn.then(async () => {
        if (left() <= least) return null
        const startedAt = now()
        const result = await work()
        credit -= now() - startedAt
        return result
      })
      turn = mine
      return mine
    },
  }
}

async function explanationOf(
  { model, records, fields, delivery, scores }: DecidedBatch,
  index: number,
  telemetry: ExplainOptions['telemetry'],
): Promise<Explanation> {
  const { source } = records[index]!
  try {
    return await model.detector.explain(fieldsAt(fields, index), scores.nll[index]!)
  } catch (thrown: unknown) {
    telemetry.explanationFailed(delivery, source.offset, toOutflowError(thrown))
    return NONE
  }
}

async function brieflyOf(
  { model, records, fields, delivery, scores }: DecidedBatch,
  indices: readonly number[],
  telemetry: ExplainOptions['telemetry'],
): Promise<Reason[][]> {
  try {
    return await model.detector.explainBriefly(
      indices.map((index) => fieldsAt(fields, index)),
      indices.map((index) => scores.nll[index]!),
    )
  } catch (thrown: unknown) {
    telemetry.explanationFailed(delivery, records[indices[0]!]!.source.offset, toOutflowError(thrown))
    return []
  }
}
