import { listModelChanges, listModels, type ModelSummary } from '@outflow/store/models'
import { listFits } from '@outflow/store/training'
import { formatCount, formatShare, type Terminal } from '@outflow/terminal'
import { type PipelineOptions, withPipeline } from '../../store-access.js'
import { modelBeginning } from './find.js'

/** Prints the models of a pipeline, the newest first. */
export async function listModelsOf(options: PipelineOptions, terminal: Terminal): Promise<void> {
  const summaries = await withPipeline(options, (pool, { pipeline }) => listModels(pool, pipeline))
  await terminal.result(options.json ? `${JSON.stringify(summaries)}\n` : `${tableOf(summaries, terminal)}\n`)
}

/** Prints all that is known of a model, its fits' reports and its changes of state, as JSON. */
export async function showModel(id: string, options: PipelineOptions, terminal: Terminal): Promise<void> {
  const shown = await withPipeline(options, async (pool, { pipeline }) => {
    const model = await modelBeginning(pool, pipeline, id)
    const changes = await listModelChanges(pool, pipeline)
    return {
      ...model,
      fits: await listFits(pool, { pipeline, modelId: model.id }),
      changes: changes.filter(({ modelId, previousId }) => modelId === model.id || previousId === model.id),
    }
  })
  await terminal.result(`${JSON.stringify(shown, null, 2)}\n`)
}

function tableOf(models: readonly ModelSummary[], terminal: Terminal): string {
  if (models.length === 0) return 'no model yet'
  const rows = models.map(({ id, state, createdAt, metadata, metrics, artefactBytes }) => {
    const training = metadata?.training
    return [
      id,
      state,
      createdAt.toISOString(),
      training ? formatCount(training.rows) : '?',
      metrics.gain.mean?.toFixed(3) ?? '?',
      formatShare(metrics.anomalyShare),
      training?.validationNll?.toFixed(3) ?? '?',
      formatCount(artefactBytes / 1024),
    ]
  })
  return terminal.table({
    head: ['id', 'state', 'fitted', 'records', 'gain, nats', 'anomalies', 'validation, nats', 'KiB'],
    rows,
  })
}
