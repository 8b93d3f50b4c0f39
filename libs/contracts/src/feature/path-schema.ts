import { z } from 'zod'
import { attempt } from '../attempt.js'
import { parsePath } from './path.js'

const PATH_RULE = 'a path such as $.delay, $.legs[0].miles or $["metrics.cpu"]'

/**
 * A path into a record: `$.delay`, `$.route.origin`, `$.legs[0].miles`. A key with `.`, `[` or `]` is written as a JSON string in
 * brackets: `$["metrics.cpu"]`. The key `__proto__` is not allowed.
 */
export const fieldPath = z
  .string()
  .regex(/^\$(?:\.[^.[\]]+|\[\d+\]|\["(?:[^"\\]|\\.)*"\])+$/, { error: PATH_RULE, abort: true })
  .refine((path) => attempt(() => parsePath(path)) !== null, `allowed: ${PATH_RULE}`)
