/** The values read from one record, in the order of the feature list, checked and not yet encoded. */
export interface Fields {
  /** The values of `numberColumnsOf`, in order; a time is epoch ms, NaN is missing. */
  readonly numbers: readonly number[]
  /** The values of `categoryColumnsOf`, in order; null is missing. */
  readonly categories: readonly (string | null)[]
}
