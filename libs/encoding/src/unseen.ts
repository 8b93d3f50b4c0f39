import { type Feature, featureName, isCategory } from '@outflow/contracts'
import type { Encoder } from './encoder.js'
import type { Fields } from './fields.js'
import { plainFeatures } from './text.js'

/** A category whose value training did not see. */
export interface UnseenCategory {
  /** Which of the record's categories it is. */
  readonly k: number
  readonly field: string
  readonly value: string
}

/** The categories of a record whose values training did not see, in the order of the feature list; missing values aside. */
export function unseenCategories({ features, tree }: Encoder, { categories }: Fields): UnseenCategory[] {
  const fields: readonly Feature[] = plainFeatures(features).filter(isCategory)
  return categories.flatMap((value, k) =>
    value === null || tree.vocabularies[k]!.ids.has(value) ? [] : [{ k, field: featureName(fields[k]!), value }],
  )
}
