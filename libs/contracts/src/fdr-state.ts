import { z } from 'zod'

/** State of online false-discovery control for one stream of hypotheses; stored in `outflow.offsets`. */
export const fdrStateSchema = z
  .object({
    /** The configured share of false alerts; another share starts a new state. */
    fdr: z.number(),
    /** Number of p-values tested so far. */
    tested: z.int(),
    /** Number of the p-value that was the first discovery, counted from 1; null before it. */
    first: z.int().nullable(),
    /** Numbers of the later discoveries, the last 1,000 of them, ascending. */
    later: z.array(z.int()).readonly(),
  })
  .readonly()

export type FdrState = z.infer<typeof fdrStateSchema>
