import type { Command } from 'commander'
import { configOption, jsonOption } from '../options.js'
import type { ModelsOptions } from '../show-models.js'
import type { CommandContext } from './command-context.js'

export function addModels(program: Command, { terminal }: CommandContext): void {
  const models = program
    .command('models')
    .summary('look at the models of a pipeline')
    .description('The models of a pipeline.')
  models
    .command('list')
    .description('Lists the models of a pipeline, the newest first.')
    .addOption(configOption())
    .addOption(jsonOption('the list'))
    .action(async (options: ModelsOptions) => (await import('../show-models.js')).listModelsOf(options, terminal))
  models
    .command('show')
    .argument('<id>', 'the model, or the first letters of its id')
    .description('Prints all that a model says about itself, as JSON.')
    .addOption(configOption())
    .action(async (id: string, options: ModelsOptions) =>
      (await import('../show-models.js')).showModel(id, options, terminal),
    )
}
