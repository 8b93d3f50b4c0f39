import { categoryColumnsOf, type Fields } from '@outflow/records/fields'
import type { Encoder } from '../encoder.js'

/** A category whose value training did not see. */
interface UnseenCategory {
  /** Index in `Fields.categories`. */
  readonly k: number
  readonly field: string
  readonly value: string
}

/** The categories of a record whose values training did not see, in the order of the feature list, without missing values. */
export function unseenCategories({ features, tree }: Encoder, { categories }: Fields): UnseenCategory[] {
  return categoryColumnsOf(features).flatMap(({ name, at }) => {
    const value = categories[at]!
    return value === null || tree.vocabularies[at]!.ids.has(value) ? [] : [{ k: at, field: name, value }]
  })
}
