import { z } from 'zod'
import { attempt } from '../attempt.js'

/** An IANA name, such as Europe/Berlin or UTC. */
export const timeZone = z
  .string()
  .refine(
    (name) => attempt(() => new Intl.DateTimeFormat('en', { timeZone: name })) !== null,
    'allowed: the name of a time zone, such as Europe/Berlin or UTC',
  )
