import { ROLES } from '@outflow/contracts/role'
import { z } from 'zod'

export const sessionSchema = z
  .object({
    name: z.string(),
    role: z.enum(ROLES),
    /** none: on loopback without login. */
    authentication: z.enum(['none', 'token', 'oidc']),
  })
  .meta({ id: 'Session', description: 'The user and their role' })

export type Session = z.infer<typeof sessionSchema>
