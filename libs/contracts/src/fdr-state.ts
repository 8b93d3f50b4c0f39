import { z } from 'zod'

/** How far online false-discovery control has come in one stream of hypotheses; kept in `outflow.false_discovery`. */
export const fdrStateSchema = z
  .object({
    /** The share it was begun with; another begins anew. */
    fdr: z.number(),
    /** p-values judged so far. */
    tested: z.int(),
    /** The first discovery, counted from 1; null before it. */
    first: z.int().nullable(),
    /** Later discoveries, the last 1,000 of them, ascending. */
    later: z.array(z.int()).readonly(),
  })
  .readonly()

export type FdrState = z.infer<typeof fdrStateSchema>
