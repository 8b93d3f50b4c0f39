import { z } from 'zod'

/** What went wrong. @see RFC 9457, Problem Details for HTTP APIs */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    /** What was given and what would do, for a person. */
    detail: z.string(),
    /** The code of libs/errors, where the error has one. */
    code: z.string().optional(),
    /** With 401: the ways to log in. */
    logins: z.array(z.enum(['token', 'oidc'])).optional(),
  })
  .meta({ id: 'Problem', description: 'What went wrong (RFC 9457)' })

export type Problem = z.infer<typeof problemSchema>
