import { z } from 'zod'
import { pipelineSchema } from './api/index.js'
import { RequestRefused } from './errors.js'

/** Default: the pipeline of the console's configuration. */
export const ofPipelineSchema = z.object({ pipeline: pipelineSchema.optional() })

/** @throws {RequestRefused} 404 when it does not exist */
export function found<T>(thing: T | null | undefined, what: string): T {
  if (thing === null || thing === undefined) throw new RequestRefused(404, `there is no ${what}`)
  return thing
}
