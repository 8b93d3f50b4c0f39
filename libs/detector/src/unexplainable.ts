import type { ModelMetadata } from '@outflow/contracts'

/**
 * States why the reasons of a stored anomaly cannot be computed after it was scored.
 *
 * @param modelId  the model that scored the record
 * @param model    its metadata; null: it is not stored any more
 * @returns a clause without a full stop; null where they can be computed
 */
export function unexplainable(modelId: string, model: Pick<ModelMetadata, 'features'> | null): string | null {
  if (model === null) return `model ${modelId}, which scored the record, is not stored any more`
  if (model.features.some(({ type }) => type === 'window')) return 'the values of windowed features are not stored'
  return null
}
