import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { byOption, type ChangeOptions, configOption, instant, jsonOption, whyOption } from '../../options.js'
import type { PipelineOptions } from '../../store-access.js'
import type { ExcludeOptions } from './exclusions.js'

export function addModels(program: Command, context: CommandContext): void {
  const models = program
    .command('models')
    .summary('list the models of a pipeline, and change which one is active')
    .description('Lists, compares and changes the models of a pipeline, also while services run.')
    .addHelpText(
      'afterAll',
      `
Examples:
  outflow models list
  outflow models show 05ea
  outflow models diff 05ea 9b1c
  outflow models promote 05ea --why 'the newer one was fitted without night flights'
  outflow models rollback --why 'flags every second record'
  outflow models exclude --from 2026-03-01T10:00Z --to 2026-03-01T10:20Z --why 'load test'
  outflow models exclusions
  outflow models include 3`,
    )
  addLooking(models, context)
  addChanging(models, context)
  addExcluding(models, context)
}

function addLooking(models: Command, { terminal }: CommandContext): void {
  models
    .command('list')
    .description('Lists the models of a pipeline, newest first.')
    .addOption(configOption())
    .addOption(jsonOption('the list'))
    .action(async (options: PipelineOptions) => (await import('./show.js')).listModelsOf(options, terminal))
  models
    .command('show')
    .argument('<id>', 'the model: its id, or the first characters of it')
    .description('Prints a model as JSON: metadata, reports of its fits, changes of state.')
    .addOption(configOption())
    .action(async (id: string, options: PipelineOptions) =>
      (await import('./show.js')).showModel(id, options, terminal),
    )
  models
    .command('diff')
    .argument('<first>', 'a model: its id, or the first characters of it')
    .argument('<second>', 'another')
    .description('Prints how two models differ: features, training and gate, and scores in nats.')
    .addOption(configOption())
    .addOption(jsonOption('the difference'))
    .action(async (first: string, second: string, options: PipelineOptions) =>
      (await import('./diff.js')).diffModels(first, second, options, terminal),
    )
}

function addChanging(models: Command, { terminal }: CommandContext): void {
  models
    .command('promote')
    .argument('<id>', 'the model: its id, or the first characters of it')
    .description('Makes a model the active one. Ingest uses it within two seconds, from the next batch on.')
    .addOption(whyOption())
    .addOption(byOption())
    .addOption(configOption())
    .addOption(jsonOption('both ids'))
    .action(async (id: string, options: ChangeOptions) => (await import('./change.js')).promote(id, options, terminal))
  models
    .command('rollback')
    .description('Activates the model that was active before; the present one gets the state rolled_back.')
    .addOption(whyOption())
    .addOption(byOption())
    .addOption(configOption())
    .addOption(jsonOption('both ids'))
    .action(async (options: ChangeOptions) => (await import('./change.js')).rollBack(options, terminal))
}

function addExcluding(models: Command, { terminal }: CommandContext): void {
  models
    .command('exclude')
    .description("Excludes a span of Kafka's record time from training, such as an incident.")
    .requiredOption('--from <time>', 'start, ISO 8601', instant)
    .requiredOption('--to <time>', 'end, not included, ISO 8601', instant)
    .addOption(whyOption().makeOptionMandatory())
    .addOption(byOption())
    .addOption(configOption())
    .addOption(jsonOption('the exclusion'))
    .action(async (options: ExcludeOptions) => (await import('./exclusions.js')).excludeSpan(options, terminal))
  models
    .command('include')
    .argument('<id>', 'id of the exclusion')
    .description('Removes an exclusion: models are fitted to the span again.')
    .addOption(configOption())
    .action(async (id: string, options: PipelineOptions) =>
      (await import('./exclusions.js')).includeSpan(id, options, terminal),
    )
  models
    .command('exclusions')
    .description('Lists the excluded spans.')
    .addOption(configOption())
    .addOption(jsonOption('the list'))
    .action(async (options: PipelineOptions) => (await import('./exclusions.js')).listSpans(options, terminal))
}
