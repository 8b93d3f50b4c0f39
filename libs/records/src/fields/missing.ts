import type { Feature } from '@outflow/contracts'
import { featureName } from '@outflow/contracts/feature'
import { columnsOf } from './columns.js'
import type { Fields } from './fields.js'

/** Names of the features that a record leaves missing, in the order of the feature list. */
export function missingFeatures(features: readonly Feature[], { numbers, categories }: Fields): string[] {
  const observed = new Set<Feature>()
  for (const { kind, of, at } of columnsOf(features)) {
    const isMissing = kind === 'number' ? Number.isNaN(numbers[at]) : categories[at] === null
    if (!isMissing) observed.add(of)
  }
  return features.filter((feature) => !observed.has(feature)).map(featureName)
}
