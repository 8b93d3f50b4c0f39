import type { Command } from 'commander'
import type { CommandContext } from '../../command-context.js'
import { interruptible } from '../../interrupt.js'
import { configOption, jsonOption } from '../../options.js'
import type { ResendDeliveriesOptions, WebhooksOptions } from './webhooks.js'

export function addWebhooks(program: Command, context: CommandContext): void {
  const { terminal } = context
  const webhooks = program
    .command('webhooks')
    .summary('test webhooks, list their state, resend events')
    .description('Tests, lists and resends the webhooks of a pipeline (alerts.webhooks in outflow.yaml).')
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
    .argument('[name]', 'name of the webhook; default: all webhooks')
    .description('Posts an example event once, from this machine; exit code 1 if a webhook did not accept it.')
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
    .description('Lists the webhooks: events delivered, waiting and given up, and the last failure.')
    .addOption(configOption())
    .addOption(jsonOption('the list'))
    .action(async (options: WebhooksOptions) => (await import('./webhooks.js')).listWebhooks(options, terminal))
  webhooks
    .command('resend')
    .argument('[name]', 'name of the webhook; default: all webhooks')
    .description('Queues events again that were given up; the alerts service delivers them.')
    .option('--event <id>', 'only this event')
    .addOption(configOption())
    .addOption(jsonOption('the count'))
    .action(async (name: string | undefined, options: ResendDeliveriesOptions) =>
      (await import('./webhooks.js')).resendDeliveries(name, options, terminal),
    )
}
