/** The values read from one record, in the order of the feature list, checked and not yet encoded. */
export interface Fields {
  /** One slot per numeric or cyclic feature, in the feature list's order; a cyclic one is epoch ms; NaN is missing. */
  readonly numbers: readonly number[]
  /** One slot per categorical feature, in the feature list's order; null is missing. */
  readonly categories: readonly (string | null)[]
}
