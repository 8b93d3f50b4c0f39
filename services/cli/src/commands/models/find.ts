import type { Pool } from '@outflow/store'
import { listModels, type ModelSummary } from '@outflow/store/models'
import { UsageError } from '../../errors.js'

/** Finds a pipeline's model. @throws {UsageError} when the id's beginning fits none, or several */
export async function modelBeginning(pool: Pool, pipeline: string, id: string): Promise<ModelSummary> {
  const found = (await listModels(pool, pipeline)).filter((model) => model.id.startsWith(id))
  if (found.length !== 1) {
    throw new UsageError(`${found.length || 'no'} models begin with ${id}; \`outflow models list\` lists them`)
  }
  return found[0]!
}
