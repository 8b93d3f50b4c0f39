import { modelMetadataSchema } from '@outflow/contracts'
import { loadConfig } from '@outflow/runtime'
import { listModels, type ModelSummary } from '@outflow/store'
import Table from 'cli-table3'
import { UsageError } from './errors.js'
import { withStore } from './store-access.js'
import { formatCount, type Terminal } from './terminal.js'

export interface ModelsOptions {
  readonly config: string
  readonly json?: true
}

/** Prints the models of a pipeline, the newest first. */
export async function listModelsOf(options: ModelsOptions, terminal: Terminal): Promise<void> {
  const summaries = await modelsOf(options)
  await terminal.result(options.json ? `${JSON.stringify(summaries)}\n` : `${tableOf(summaries)}\n`)
}

/** Prints all that a model says about itself. @throws {UsageError} when the id's beginning fits none, or several */
export async function showModel(id: string, options: ModelsOptions, terminal: Terminal): Promise<void> {
  const found = (await modelsOf(options)).filter((model) => model.id.startsWith(id))
  if (found.length !== 1) {
    throw new UsageError(`${found.length || 'no'} models begin with ${id}; \`outflow models list\` lists them`)
  }
  await terminal.result(`${JSON.stringify(found[0], null, 2)}\n`)
}

async function modelsOf({ config: path }: ModelsOptions): Promise<readonly ModelSummary[]> {
  const config = await loadConfig(path)
  return withStore(config.postgres.url, (pool) => listModels(pool, config.pipeline))
}

function tableOf(models: readonly ModelSummary[]): string {
  if (models.length === 0) return 'no model yet'
  const table = new Table({
    head: ['id', 'state', 'fitted', 'records', 'backend', 'validation, nats', 'KiB'],
    style: { head: [], border: [] },
  })
  for (const { id, state, createdAt, metadata, artefactBytes } of models) {
    const known = modelMetadataSchema.safeParse(metadata)
    const training = known.success ? known.data.training : null
    table.push([
      id,
      state,
      createdAt.toISOString(),
      training ? formatCount(training.rows) : '?',
      training?.backend ?? '?',
      training?.validationNll?.toFixed(3) ?? '?',
      formatCount(artefactBytes / 1024),
    ])
  }
  return table.toString()
}
