import { ROLES } from '@outflow/contracts'
import { z } from 'zod'

export const sessionSchema = z
  .object({
    name: z.string(),
    role: z.enum(ROLES),
    /** none: on loopback without login. */
    authentication: z.enum(['none', 'token', 'oidc']),
    /** Value of the header `x-csrf-token` for requests that change something; not needed with `Authorization: Bearer`. */
    csrfToken: z.string(),
  })
  .meta({ id: 'Session', description: 'The user and their role' })

export type Session = z.infer<typeof sessionSchema>
