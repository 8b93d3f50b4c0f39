import type { Config } from '@outflow/contracts'
import type { Queryable } from '@outflow/store'
import { listPipelines } from '@outflow/store/pipelines'
import { found } from '../queries.js'

/** Rows of a pipeline that does not exist would never be processed. @throws {RequestRefused} 404 when it does not exist */
export async function requirePipeline(db: Queryable, config: Config, pipeline: string): Promise<void> {
  if (pipeline === config.pipeline) return
  found(
    (await listPipelines(db)).find((known) => known.pipeline === pipeline),
    `pipeline ${pipeline}`,
  )
}
