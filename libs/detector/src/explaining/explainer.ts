import type { DetectionTarget, Recalibration, StoredExplanation } from '@outflow/contracts'
import { isRetryable, toOutflowError } from '@outflow/errors'
import type { Fields } from '@outflow/records/fields'
import { ownPValueOf } from '../decision/recalibration.js'
import { alertRateOf } from '../decision/rule.js'
import { type Detector, openDetector } from '../detector.js'

/** The part of a stored anomaly from which its reasons are computed. */
interface ExplainableRecord {
  readonly modelId: string
  /** The decoded record. */
  readonly record: unknown
  /** As `Detector.windowed` returned them; null: the model has no windowed features, or they were missing. */
  readonly windowed: readonly (number | null)[] | null
  /** nats */
  readonly nll: number
  readonly pValue: number
  /** The recalibration of the p-value; null: none. */
  readonly recalibrationId: bigint | null
}

/** Reads what explanations need. Only retryable errors of it reject an explanation. */
interface ExplanationSource {
  readonly model: (id: string) => Promise<{ readonly artefact: Uint8Array }>
  /** null: it was deleted. */
  readonly recalibration: (id: bigint) => Promise<Recalibration | null>
}

/** Explains stored records, each by the model that scored it. */
export type Explainer = ReturnType<typeof makeExplainer>

/** The active model, and earlier ones while records that they scored have no reasons. */
const MOST_OPEN = 3

/**
 * Makes an explainer, which keeps the most recently used models open.
 *
 * @param source  if it has no model, or a damaged one, the model's records cannot be explained
 * @param target  by which the records are anomalies. Default: the alert rate of their model
 */
export function makeExplainer(source: ExplanationSource, target?: DetectionTarget) {
  // In the order of their last use.
  const models = new Map<string, Promise<Detector | string>>()
  const modelOf = async (modelId: string): Promise<Detector | string> => {
    const model = models.get(modelId) ?? openModel(modelId, source)
    models.delete(modelId)
    models.set(modelId, model)
    for (const [id, old] of models) {
      if (models.size <= MOST_OPEN) break
      models.delete(id)
      await close(old)
    }
    return model.catch((error: unknown) => {
      models.delete(modelId)
      throw error
    })
  }
  return {
    /** Opens a model in advance. */
    open: async (modelId: string): Promise<void> => {
      await modelOf(modelId)
    },
    /** @returns [records]; rejects only with a retryable error of `source` */
    explain: async (records: readonly ExplainableRecord[]): Promise<StoredExplanation[]> => {
      const explanations = new Map<ExplainableRecord, StoredExplanation>()
      for (const modelId of new Set(records.map((record) => record.modelId))) {
        const own = records.filter((record) => record.modelId === modelId)
        const model = await modelOf(modelId)
        const found =
          typeof model === 'string'
            ? own.map(() => unexplainable(model))
            : await explainBy(model, own, await ratesOf(model, own, source, target))
        own.forEach((record, at) => {
          explanations.set(record, found[at]!)
        })
      }
      return records.map((record) => explanations.get(record)!)
    },
    close: async (): Promise<void> => {
      for (const model of models.values()) await close(model)
      models.clear()
    },
  }
}

/** Returns the stored explanation of a record; if there is none yet, explains the record by the model that scored it. */
export async function explainStored(
  source: ExplanationSource,
  record: ExplainableRecord & StoredExplanation,
  target?: DetectionTarget,
): Promise<StoredExplanation> {
  const { reasons, counterfactual, unexplainable } = record
  if (reasons !== null || unexplainable !== null) return { reasons, counterfactual, unexplainable }
  const explainer = makeExplainer(source, target)
  try {
    const [explanation] = await explainer.explain([record])
    return explanation!
  } finally {
    await explainer.close()
  }
}

async function close(model: Promise<Detector | string>): Promise<void> {
  const opened = await model.catch(() => '')
  if (typeof opened !== 'string') await opened.close()
}

/** @returns the model, or why it cannot be opened */
async function openModel(modelId: string, source: ExplanationSource): Promise<Detector | string> {
  try {
    const { artefact } = await source.model(modelId)
    return await openDetector(artefact)
  } catch (thrown: unknown) {
    const error = toOutflowError(thrown)
    if (isRetryable(error)) throw error
    return `model ${modelId}, which scored the record, cannot be opened: ${error.message}`
  }
}

async function explainBy(
  model: Detector,
  records: readonly ExplainableRecord[],
  rates: readonly number[],
): Promise<StoredExplanation[]> {
  const read = records.map(({ record, windowed }) => model.read(record, windowed ?? undefined))
  const readable = read.flatMap((fields, at) =>
    'reason' in fields ? [] : [{ fields, nll: records[at]!.nll, rate: rates[at]! }],
  )
  const explained = (await explainAll(model, readable)).values()
  return read.map((fields) => ('reason' in fields ? unexplainable(fields.detail) : explained.next().value!))
}

/**
 * The largest own p-values of the model that are anomalies by the decision on each record: by the rate, or, if that has been lowered since
 * or the false discovery rate is limited instead, by the record's p-value.
 */
async function ratesOf(
  { metadata }: Detector,
  records: readonly ExplainableRecord[],
  source: ExplanationSource,
  target: DetectionTarget | undefined,
): Promise<readonly number[]> {
  const rate = target === undefined ? metadata.alertRate : alertRateOf(target, metadata)
  const recalibrations = new Map<bigint, Recalibration | null>()
  for (const id of new Set(records.flatMap(({ recalibrationId }) => recalibrationId ?? []))) {
    recalibrations.set(id, await source.recalibration(id).catch(nullUnlessRetryable))
  }
  return records.map(({ pValue, recalibrationId }) => {
    const recalibration = recalibrationId === null ? null : (recalibrations.get(recalibrationId) ?? null)
    const decided = Math.max(rate, pValue) * (1 + ROUNDING)
    return recalibration === null ? decided : ownPValueOf(recalibration, decided)
  })
}

/** A p-value that equals the rate is an anomaly. */
const ROUNDING = 1e-9

function nullUnlessRetryable(thrown: unknown): null {
  if (isRetryable(thrown)) throw thrown
  return null
}

/** If a record causes an error, the records are explained one by one, so that the others get their reasons. */
async function explainAll(
  model: Detector,
  records: readonly { readonly fields: Fields; readonly nll: number; readonly rate: number }[],
): Promise<StoredExplanation[]> {
  try {
    const explanations = await model.explain(
      records.map(({ fields }) => fields),
      records.map(({ nll }) => nll),
      records.map(({ rate }) => rate),
    )
    return explanations.map((explanation) => ({ ...explanation, unexplainable: null }))
  } catch (thrown: unknown) {
    if (records.length === 1) return [unexplainable(toOutflowError(thrown).message)]
    return (await Promise.all(records.map((record) => explainAll(model, [record])))).flat()
  }
}

function unexplainable(why: string): StoredExplanation {
  return { reasons: null, counterfactual: null, unexplainable: why }
}
