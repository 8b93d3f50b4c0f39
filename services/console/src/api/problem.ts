import { z } from 'zod'

/** Description of an error. @see RFC 9457, Problem Details for HTTP APIs */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    /** The value that is not valid and what is allowed, for a person. */
    detail: z.string(),
    /** The code of libs/errors, where the error has one. */
    code: z.string().optional(),
    /** With 401: the ways to log in. */
    logins: z.array(z.enum(['token', 'oidc'])).optional(),
  })
  .meta({ id: 'Problem', description: 'An error (RFC 9457)' })

export type Problem = z.infer<typeof problemSchema>
