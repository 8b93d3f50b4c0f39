import { formatShare } from '@outflow/contracts/wording'
import { openDetector } from '@outflow/detector'
import {
  listModelChanges,
  listModels,
  loadModel,
  type ModelSummary,
  promoteChecked,
  rollBackModel,
} from '@outflow/store/models'
import { addExclusion, listExclusions, listFits, removeExclusion } from '@outflow/store/training'
import { formatCount, type Terminal } from '@outflow/terminal'
import { type CommandContext, printResult } from '../command-context.js'
import { UsageError } from '../errors.js'
import { withOutput } from '../files/open-output.js'
import {
  byOption,
  type ChangeOptions,
  changeOf,
  configOption,
  moment,
  notBlank,
  type RangeOptions,
  rangeOf,
  rowId,
  whyOption,
} from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { modelBeginning, type PipelineOptions, withPipeline } from '../store-access.js'
import { diffModels } from './models/diff.js'

export function define(models: OutflowCommand, context: CommandContext): void {
  models
    .description('Lists, compares and changes the models of a pipeline, also while services run.')
    .examples(
      'outflow models list',
      'outflow models show 05ea',
      'outflow models diff 05ea 9b1c',
      'outflow models export 05ea --output orders.model',
      "outflow models promote 05ea --why 'the newer one was fitted without night flights'",
      "outflow models rollback --why 'every second record is an anomaly'",
      "outflow models exclude --from 2026-03-01T10:00Z --to 2026-03-01T10:20Z --why 'load test'",
      'outflow models exclusions',
      'outflow models include 3',
    )
  addReadCommands(models, context)
  addStateCommands(models, context)
  addExclusionCommands(models, context)
}

/** A blank text would be the beginning of every id. */
const MODEL = ['<id>', 'the model: its id, or the first characters of it', notBlank] as const

function addReadCommands(models: OutflowCommand, { terminal }: CommandContext): void {
  models
    .command('list')
    .description('Lists the models of a pipeline, newest first.')
    .pipelineOptions('the list')
    .action(async (options: PipelineOptions) => {
      const summaries = await withPipeline(options, (pool, { pipeline }) => listModels(pool, pipeline))
      await printResult(terminal, options.json, summaries, describeModels(summaries, terminal))
    })
  models
    .command('show')
    .argument(...MODEL)
    .description('Prints a model as JSON: metadata, reports of its fits, changes of state.')
    .addOption(configOption())
    .action(async (start: string, options: PipelineOptions) => {
      const shown = await withPipeline(options, async (pool, { pipeline }) => {
        const model = await modelBeginning(pool, pipeline, start)
        const changes = await listModelChanges(pool, pipeline)
        return {
          ...model,
          fits: await listFits(pool, { pipeline, modelId: model.id }),
          changes: changes.filter(({ modelId, previousId }) => modelId === model.id || previousId === model.id),
        }
      })
      await terminal.result(`${JSON.stringify(shown, null, 2)}\n`)
    })
  models
    .command('diff')
    .argument('<first>', 'a model: its id, or the first characters of it', notBlank)
    .argument('<second>', 'another', notBlank)
    .description('Prints how two models differ: features, training and gate, and scores in nats.')
    .pipelineOptions('the difference')
    .action((first: string, second: string, options: PipelineOptions) => diffModels(first, second, options, terminal))
  models
    .command('export')
    .argument(...MODEL)
    .description('Writes a model to a file, for `outflow score`, `explain --input` and `sample`.')
    .requiredOption('-o, --output <file>', 'model file to write; - is stdout')
    .addOption(configOption())
    .action(async (start: string, options: PipelineOptions & { readonly output: string }) => {
      const { id, artefact } = await withPipeline(options, async (pool, { pipeline }) => {
        const model = await modelBeginning(pool, pipeline, start)
        return loadModel(pool, { pipeline, id: model.id })
      })
      await withOutput(options.output, (output) => output.write(artefact))
      if (options.output !== '-') terminal.say(`${options.output}: model ${id}`)
    })
}

function addStateCommands(models: OutflowCommand, { terminal }: CommandContext): void {
  models
    .command('promote')
    .argument(...MODEL)
    .description('Makes a model the active one. Ingest uses it within two seconds, from the next batch on.')
    .addOption(whyOption())
    .addOption(byOption())
    .pipelineOptions('both ids')
    .action(async (start: string, options: ChangeOptions) => {
      const promoted = await withPipeline(options, async (pool, { pipeline }) => {
        const { id } = await modelBeginning(pool, pipeline, start)
        const { previousId } = await promoteChecked(pool, { pipeline, id, ...changeOf(options) }, openDetector)
        return { id, previousId }
      })
      await printResult(terminal, options.json, promoted, describePromotion(promoted))
    })
  models
    .command('rollback')
    .description(
      'Activates the model that was active before; the present one gets the state rolled_back. No fit brings it back; ' +
        '`models promote` does.',
    )
    .addOption(whyOption())
    .addOption(byOption())
    .pipelineOptions('both ids')
    .action(async (options: ChangeOptions) => {
      const changed = await withPipeline(options, (pool, { pipeline }) =>
        rollBackModel(pool, { pipeline, ...changeOf(options) }),
      )
      const text = `${changed!.to} scores from now on; ${changed!.from} is rolled back`
      await printResult(terminal, options.json, changed, text)
    })
}

function addExclusionCommands(models: OutflowCommand, { terminal }: CommandContext): void {
  models
    .command('exclude')
    .description("Excludes a span of Kafka's record time from training, such as an incident.")
    .requiredOption('--from <time>', 'start: ISO 8601, or 24h for a time ago', moment)
    .requiredOption('--to <time>', 'end, not included', moment)
    .addOption(whyOption().makeOptionMandatory())
    .addOption(byOption())
    .pipelineOptions('the exclusion')
    .action(async (options: ChangeOptions & RangeOptions) => {
      const { from, to } = rangeOf(options)
      const id = await withPipeline(options, (pool, { pipeline }) =>
        addExclusion(pool, { pipeline, from, to, ...changeOf(options) }),
      )
      const text = `${id}: excluded from ${from.toISOString()} to ${to.toISOString()}, from the next fit on`
      await printResult(terminal, options.json, { id, from, to }, text)
    })
  models
    .command('include')
    .argument('<id>', 'id of the exclusion', rowId)
    .description('Removes an exclusion: models are fitted to the span again.')
    .addOption(configOption())
    .action(async (id: string, options: PipelineOptions) => {
      const wasExcluded = await withPipeline(options, (pool, { pipeline }) => removeExclusion(pool, { pipeline, id }))
      if (!wasExcluded) throw new UsageError(`no exclusion has the id ${id}; \`outflow models exclusions\` lists them`)
      await terminal.result(`${id}: included again, from the next fit on\n`)
    })
  models
    .command('exclusions')
    .description('Lists the excluded spans.')
    .pipelineOptions('the list')
    .action(async (options: PipelineOptions) => {
      const spans = await withPipeline(options, (pool, { pipeline }) => listExclusions(pool, { pipeline }))
      const rows = spans.map(({ id, from, to, why, by }) => [id, from.toISOString(), to.toISOString(), why, by])
      const table = terminal.table({ head: ['id', 'from', 'to', 'why', 'by'], rows })
      await printResult(terminal, options.json, spans, rows.length === 0 ? 'nothing is excluded' : table)
    })
}

export function describeModels(models: readonly ModelSummary[], terminal: Pick<Terminal, 'table'>): string {
  if (models.length === 0) return 'no model yet'
  const rows = models.map((model) => {
    const { id, createdAt, metadata, metrics, artefactBytes } = model
    const training = metadata?.training
    return [
      id,
      stateOf(model),
      // As in `doctor`; it was stored later, after its gate.
      metadata?.createdAt ?? createdAt.toISOString(),
      training ? formatCount(training.rows) : '?',
      metrics.gain.mean?.toFixed(3) ?? '?',
      formatShare(metrics.anomalyShare),
      training?.validationNll?.toFixed(3) ?? '?',
      formatCount(artefactBytes / 1024),
      labelsOf(metadata),
    ]
  })
  return terminal.table({
    head: ['id', 'state', 'fitted', 'records', 'gain, nats', 'anomalies', 'validation, nats', 'KiB', 'labels'],
    aligns: ['left', 'left', 'left', 'right', 'right', 'right', 'right', 'right'],
    rows,
  })
}

function stateOf({ state, shadowSince, metadata }: ModelSummary): string {
  if (state === 'candidate' && shadowSince !== null) return 'candidate, shadow'
  return metadata?.provisional ? `${state}, provisional` : state
}

/** Of a model whose calibration set was trimmed by labels. */
function labelsOf(metadata: ModelSummary['metadata']): string {
  const labels = metadata?.calibration.labels
  return labels ? `${labels.confirmed} of ${labels.confirmed + labels.normal} confirmed` : ''
}

export function describePromotion(of: { readonly id: string; readonly previousId: string | null }): string {
  if (of.previousId === of.id) return `${of.id} is the active model already; nothing changes`
  return `${of.id} scores from now on; ${of.previousId ?? 'no model'} before`
}
