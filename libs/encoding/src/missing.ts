import { type Feature, featureName, isCategory } from '@outflow/contracts'
import type { Fields } from './fields.js'
import { plainFeatures } from './text.js'

/** Names the features that a record leaves missing, in the order of the feature list: it is scored on the others. */
export function missingFeatures(features: readonly Feature[], { numbers, categories }: Fields): string[] {
  let j = 0
  let k = 0
  return features
    .filter((feature) => {
      const lacks = plainFeatures([feature]).map((plain) =>
        isCategory(plain) ? categories[k++] === null : Number.isNaN(numbers[j++]),
      )
      return lacks.every((isMissing) => isMissing)
    })
    .map(featureName)
}
