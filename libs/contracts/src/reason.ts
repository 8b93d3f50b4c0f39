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
  /** The same in words, such as "distance 3,983 is far above the 2,475 of LAX→JFK". */
  text: z.string(),
})

export type Reason = z.infer<typeof reasonSchema>
