import type { Config } from '@outflow/contracts'
import type { Queryable } from '@outflow/store'
import { listPipelines } from '@outflow/store/pipelines'
import { z } from 'zod'
import { pipelineSchema } from './api/index.js'
import { RequestRefused } from './errors.js'

/** Default: the pipeline of the console's configuration. */
export const ofPipelineSchema = z.object({ pipeline: pipelineSchema.optional() })

/** @throws {RequestRefused} 404 when it does not exist */
export function found<T>(thing: T | null | undefined | false, what: string): T {
  if (thing === null || thing === undefined || thing === false) throw new RequestRefused(404, `there is no ${what}`)
  return thing
}

/** Rows of a pipeline that does not exist would never be processed. @throws {RequestRefused} 404 when it does not exist */
export async function requirePipeline(db: Queryable, config: Config, pipeline: string): Promise<void> {
  if (pipeline === config.pipeline) return
  found(
    (await listPipelines(db)).find((known) => known.pipeline === pipeline),
    `pipeline ${pipeline}`,
  )
}
