import { isDeepStrictEqual } from 'node:util'
import type { Config, ModelMetadata } from '@outflow/contracts'

/** Whether a model has the features of a configuration; false if there is no model. */
export function sameFeatures(metadata: ModelMetadata | null, features: Config['features']): boolean {
  // Not compared as text, because jsonb does not keep the order of keys.
  return isDeepStrictEqual(metadata?.features, JSON.parse(JSON.stringify(features)))
}
