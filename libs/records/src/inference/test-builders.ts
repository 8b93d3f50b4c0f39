import { featurePath, nameOfPath } from '@outflow/contracts/feature'
import { makeFeatureInference } from './infer-features.js'

/** Infers features from records, with the kind of each in a few words. */
export function infer(records: readonly Record<string, unknown>[]) {
  const inference = makeFeatureInference()
  for (const record of records) inference.observe(record)
  const { features, leftOut, warnings } = inference.conclude(records)
  const kinds = features.map((feature) =>
    feature.type === 'cyclic' ? `${feature.path} cyclic ${feature.period}` : `${featurePath(feature)} ${feature.type}`,
  )
  return {
    features,
    kinds,
    warnings,
    leftOut: Object.fromEntries(leftOut.map(({ path, why }) => [nameOfPath(path), why])),
  }
}

/** Twelve records made from the values, which are repeated if there are fewer. */
export const column = (name: string, ...values: readonly unknown[]): Record<string, unknown>[] =>
  Array.from({ length: 12 }, (_, index) => ({ [name]: values[index % values.length] }))
