import { ROLES } from '@outflow/contracts'
import { z } from 'zod'

export const sessionSchema = z
  .object({
    name: z.string(),
    role: z.enum(ROLES),
    /** none: on loopback without login. */
    authentication: z.enum(['none', 'token', 'oidc']),
    /** Goes into the header `x-csrf-token` of whatever changes something; not needed with `Authorization: Bearer`. */
    csrfToken: z.string(),
  })
  .meta({ id: 'Session', description: 'Who asks, and what they may do' })

export type Session = z.infer<typeof sessionSchema>
