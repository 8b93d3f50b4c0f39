import { z } from 'zod'

/** Why a record was judged improbable, seen from one field; reasons are sorted by `bits`, the largest first. */
export const reasonSchema = z.object({
  field: z.string(),
  /** How much less surprising the record would be with the expected value in this field; bits, ≥ 0. */
  bits: z.number(),
  observed: z.union([z.number(), z.string(), z.null()]),
  /** The likeliest value given the record's other fields. */
  expected: z.union([z.number(), z.string(), z.null()]),
  /** Where the value normally lies given the other fields (5 % to 95 %); numeric fields only. */
  range: z.tuple([z.number(), z.number()]).nullable(),
  /**
   * `brief`: told in a burst of anomalies, from one usual value of the field instead of all that it might have had; `range`
   * is null, and `bits` may be too few. Absent or `full` otherwise.
   */
  kind: z.enum(['full', 'brief']).optional(),
  /** The same in words, such as "distance 3,983 is far above the 2,475 of LAX→JFK". */
  text: z.string(),
})

export type Reason = z.infer<typeof reasonSchema>

/** The record that would have been normal and changes the fewest fields of the one that was flagged. */
export const nearestNormalSchema = z.object({
  changes: z
    .array(
      z.object({
        field: z.string(),
        from: z.union([z.number(), z.string(), z.null()]),
        to: z.union([z.number(), z.string(), z.null()]),
      }),
    )
    .min(1),
  /** Of the changed record, nats. */
  nll: z.number(),
  /** Such as "normal with distance 2,475 instead of 3,983". */
  text: z.string(),
})

export type NearestNormal = z.infer<typeof nearestNormalSchema>

/** All that is said about why a record was judged improbable. */
export interface Explanation {
  /** The most bits first. */
  readonly reasons: readonly Reason[]
  /** null where no change of a few fields makes the record normal, or where none was looked for. */
  readonly nearest: NearestNormal | null
}
