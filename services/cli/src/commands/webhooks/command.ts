import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { configOption, jsonOption } from '../../options.js'
import type { ResendDeliveriesOptions, WebhooksOptions } from './webhooks.js'

export function addWebhooks(program: Command, context: CommandContext): void {
  const { terminal } = context
  const webhooks = program
    .command('webhooks')
    .summary('try webhooks, see how they do, send again what was given up')
    .description('The webhooks of a pipeline, under alerts.webhooks in outflow.yaml.')
    .addHelpText(
      'afterAll',
      `
Examples:
  outflow webhooks test pager
  outflow webhooks list
  outflow webhooks resend pager
  outflow webhooks resend pager --event flights/flights/2/18043`,
    )
  webhooks
    .command('test')
    .argument('[name]', 'of the webhook; default: all of them')
    .description('Posts an example, once, from this machine; exit code 1 when one did not take it.')
    .addOption(configOption())
    .addOption(jsonOption('the outcomes'))
    .action((name: string | undefined, options: WebhooksOptions) =>
      interruptible(async (signal) => {
        const { testWebhooks } = await import('./webhooks.js')
        if (!(await testWebhooks(name, options, terminal, signal))) context.exitCode = 1
      }),
    )
  webhooks
    .command('list')
    .description('Lists the webhooks: how many events they have, wait for, or were given up, and the last failure.')
    .addOption(configOption())
    .addOption(jsonOption('the list'))
    .action(async (options: WebhooksOptions) => (await import('./webhooks.js')).listWebhooks(options, terminal))
  webhooks
    .command('resend')
    .argument('[name]', 'of the webhook; default: all of them')
    .description('Lets the alerts service deliver again what was given up.')
    .option('--event <id>', 'only this event')
    .addOption(configOption())
    .addOption(jsonOption('how many'))
    .action(async (name: string | undefined, options: ResendDeliveriesOptions) =>
      (await import('./webhooks.js')).resendDeliveries(name, options, terminal),
    )
}
