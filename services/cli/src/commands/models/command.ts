import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { byOption, type ChangeOptions, configOption, instant, jsonOption, whyOption } from '../../options.js'
import type { PipelineOptions } from '../../store-access.js'
import type { ExcludeOptions } from './exclusions.js'

export function addModels(program: Command, context: CommandContext): void {
  const models = program
    .command('models')
    .summary('look at the models of a pipeline, and change which one scores')
    .description('The models of a pipeline. All of it works while the services run.')
    .addHelpText(
      'afterAll',
      `
Examples:
  outflow models list
  outflow models show 05ea
  outflow models diff 05ea 9b1c
  outflow models promote 05ea --why 'the newer one knows no night flights'
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
    .description('Lists the models of a pipeline, the newest first.')
    .addOption(configOption())
    .addOption(jsonOption('the list'))
    .action(async (options: PipelineOptions) => (await import('./show.js')).listModelsOf(options, terminal))
  models
    .command('show')
    .argument('<id>', 'the model, or the first letters of its id')
    .description(
      'Prints all that is known of a model as JSON: metadata, the reports of its fits, its changes of state.',
    )
    .addOption(configOption())
    .action(async (id: string, options: PipelineOptions) =>
      (await import('./show.js')).showModel(id, options, terminal),
    )
  models
    .command('diff')
    .argument('<first>', 'a model, or the first letters of its id')
    .argument('<second>', 'another')
    .description('Prints how two models differ: what they were made of, and by how many nats they disagree.')
    .addOption(configOption())
    .addOption(jsonOption('the difference'))
    .action(async (first: string, second: string, options: PipelineOptions) =>
      (await import('./diff.js')).diffModels(first, second, options, terminal),
    )
}

function addChanging(models: Command, { terminal }: CommandContext): void {
  models
    .command('promote')
    .argument('<id>', 'the model, or the first letters of its id')
    .description('Makes a model the active one. Ingest takes it over between two batches, within two seconds.')
    .addOption(whyOption())
    .addOption(byOption())
    .addOption(configOption())
    .addOption(jsonOption('both ids'))
    .action(async (id: string, options: ChangeOptions) => (await import('./change.js')).promote(id, options, terminal))
  models
    .command('rollback')
    .description('Goes back to the model that was active before; the present one is marked as rolled_back.')
    .addOption(whyOption())
    .addOption(byOption())
    .addOption(configOption())
    .addOption(jsonOption('both ids'))
    .action(async (options: ChangeOptions) => (await import('./change.js')).rollBack(options, terminal))
}

function addExcluding(models: Command, { terminal }: CommandContext): void {
  models
    .command('exclude')
    .description("Names a span of Kafka's record time that no model is to learn from, such as an incident.")
    .requiredOption('--from <time>', 'ISO 8601; where it begins', instant)
    .requiredOption('--to <time>', 'ISO 8601; where it has ended', instant)
    .addOption(whyOption().makeOptionMandatory())
    .addOption(byOption())
    .addOption(configOption())
    .addOption(jsonOption('the exclusion'))
    .action(async (options: ExcludeOptions) => (await import('./exclusions.js')).excludeSpan(options, terminal))
  models
    .command('include')
    .argument('<id>', 'of the exclusion')
    .description('Lets an excluded span be learnt from again.')
    .addOption(configOption())
    .action(async (id: string, options: PipelineOptions) =>
      (await import('./exclusions.js')).includeSpan(id, options, terminal),
    )
  models
    .command('exclusions')
    .description('Lists the spans that no model learns from.')
    .addOption(configOption())
    .addOption(jsonOption('the list'))
    .action(async (options: PipelineOptions) => (await import('./exclusions.js')).listSpans(options, terminal))
}
