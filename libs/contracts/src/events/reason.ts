import { z } from 'zod'

/** Contribution of one field to the improbability of a record; the first reason is the field that is likeliest wrong. */
export const reasonSchema = z.object({
  field: z.string(),
  bits: z
    .number()
    .describe('How much less surprising the record would be with the likeliest value in this field; bits, ≥ 0'),
  observed: z.union([z.number(), z.string(), z.null()]),
  expected: z
    .union([z.number(), z.string(), z.null()])
    .describe("The likeliest value given the record's other fields, or the usual value if some of those are wrong too"),
  range: z
    .tuple([z.number(), z.number()])
    .nullable()
    .describe('Range of the value given the other fields (5 % to 95 %); numeric fields only'),
  text: z.string().describe('The same in words, such as "distance 3,983 is far above the 2,475 of LAX→JFK"'),
})

export type Reason = z.infer<typeof reasonSchema>

/** The record that would have been normal and changes the fewest fields of the anomaly. */
export const counterfactualSchema = z.object({
  changes: z
    .array(
      z.object({
        field: z.string(),
        from: z.union([z.number(), z.string(), z.null()]),
        to: z.union([z.number(), z.string(), z.null()]),
      }),
    )
    .min(1),
  nll: z.number().describe('Negative log-likelihood of the changed record, nats'),
  text: z.string().describe('The same in words, such as "normal with distance 2,475 instead of 3,983"'),
  mistake: z
    .object({
      name: z.string().describe('Such as "kilometres instead of miles"'),
      share: z.number().describe('Posterior probability among all known mistakes and none, above 0.5'),
    })
    .optional()
    .describe('The mistake that the changes undo; absent if none is likely'),
})

export type Counterfactual = z.infer<typeof counterfactualSchema>

/** Explanation of an improbable record. */
export interface Explanation {
  /** The field that is likeliest wrong first. */
  readonly reasons: readonly Reason[]
  /** null if no change of a few fields makes the record normal, or none was searched for. */
  readonly counterfactual: Counterfactual | null
}

/** What is stored about why a record is an anomaly. */
export interface StoredExplanation {
  /** null: not computed yet, or unexplainable. */
  readonly reasons: readonly Reason[] | null
  /** The nearest normal record; null without reasons, or if no few changes lead to one. */
  readonly counterfactual: Counterfactual | null
  /** Why no reasons can be computed; null: they have been or will be computed. */
  readonly unexplainable: string | null
}
