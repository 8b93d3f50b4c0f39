import { exampleEvent } from '@outflow/alerting'
import { postOnce } from '@outflow/alerting/webhooks'
import type { Config, Webhook } from '@outflow/contracts'
import { toOutflowError } from '@outflow/errors'
import { loadConfig } from '@outflow/runtime'
import type { Pool } from '@outflow/store'
import { deliveriesOf, resendDeadDeliveries, type WebhookCounts, webhookCounts } from '@outflow/store/webhooks'
import { formatCount, formatCounted, oneLine, type Terminal } from '@outflow/terminal'
import { type CommandContext, printResult } from '../command-context.js'
import { UsageError } from '../errors.js'
import { interruptible } from '../interrupt.js'
import { requireKnown } from '../known-names.js'
import type { OutflowCommand } from '../outflow-command.js'
import { type PipelineOptions, withPipeline } from '../store-access.js'

export function define(webhooks: OutflowCommand, context: CommandContext): void {
  const { terminal } = context
  webhooks
    .description('Tests, lists and resends the webhooks of a pipeline (alerts.webhooks in outflow.yaml).')
    .examples(
      'outflow webhooks test pager',
      'outflow webhooks list',
      'outflow webhooks resend pager',
      'outflow webhooks resend pager --event flights/flights/2/18043',
    )
  webhooks
    .command('test')
    .argument('[name]', 'name of the webhook; default: all webhooks')
    .description('Posts an example event once, from this machine; exit code 1 if a webhook did not accept it.')
    .pipelineOptions('the outcomes')
    .action((name: string | undefined, options: PipelineOptions) =>
      interruptible(async (signal) => {
        if (!(await testWebhooks(name, options, terminal, signal))) context.exitCode = 1
      }),
    )
  webhooks
    .command('list')
    .description('Lists the webhooks: events delivered, waiting and given up, and the last failure.')
    .pipelineOptions('the list')
    .action(async (options: PipelineOptions) => {
      const listed = await withPipeline(options, async (pool, { pipeline, alerts }) => {
        const counts = await webhookCounts(pool, pipeline)
        return alerts.webhooks.map((webhook) => ({ ...publicOf(webhook), ...countsOf(webhook.name, counts) }))
      })
      const table = terminal.table({
        head: ['webhook', 'kind', 'host', 'delivered', 'waiting', 'given up', 'last failure'],
        aligns: ['left', 'left', 'left', 'right', 'right', 'right'],
        rows: listed.map(({ name, kind, host, delivered, waiting, dead, failure }) => [
          ...[name, kind, host],
          ...[formatCount(delivered), formatCount(waiting), formatCount(dead)],
          failure ?? '',
        ]),
      })
      await printResult(terminal, options.json, listed, listed.length === 0 ? 'no webhook is configured' : table)
    })
  webhooks
    .command('resend')
    .argument('[name]', 'name of the webhook; default: all webhooks')
    .description('Queues events again that were given up; the alerts service delivers them.')
    .option('--event <id>', 'only this event')
    .pipelineOptions('the count')
    .action(async (name: string | undefined, options: PipelineOptions & { readonly event?: string }) => {
      const resent = await withPipeline(options, (pool, config) => resendDeliveries(pool, config, name, options.event))
      const text = `${formatCounted(resent, 'event')} ${resent === 1 ? 'is' : 'are'} queued again; the alerts service delivers`
      await printResult(terminal, options.json, { resent }, text)
    })
}

/** Posts an example event to one webhook or all of them. @returns whether each accepted it */
async function testWebhooks(
  name: string | undefined,
  options: PipelineOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<boolean> {
  const config = await loadConfig(options.config)
  const event = exampleEvent(config.pipeline, new Date(), config.console.url)
  const outcomes = await Promise.all(
    webhooksNamed(config, name).map(async (webhook) => {
      try {
        const { status, start } = await postOnce(webhook, event, signal)
        return { webhook: webhook.name, ok: true, status, detail: oneLine(start.trim()).slice(0, MAX_ANSWER_CHARS) }
      } catch (thrown: unknown) {
        return { webhook: webhook.name, ok: false, detail: toOutflowError(thrown).message }
      }
    }),
  )
  const lines = outcomes.map(({ webhook, ok, detail, ...rest }) =>
    ok ? `✓ ${webhook}  ${rest.status} ${detail}`.trimEnd() : `✗ ${webhook}  ${detail}`,
  )
  await printResult(terminal, options.json, outcomes, lines.join('\n'))
  return outcomes.every(({ ok }) => ok)
}

const MAX_ANSWER_CHARS = 100

/** The path of a URL may be a secret. */
const publicOf = ({ name, kind, url }: Webhook) => ({ name, kind, host: new URL(url).host })

function countsOf(name: string, counts: readonly WebhookCounts[]): Omit<WebhookCounts, 'webhook'> {
  const { waiting = 0, delivered = 0, dead = 0, failure = null } = counts.find(({ webhook }) => webhook === name) ?? {}
  return { waiting, delivered, dead, failure }
}

/** @throws {UsageError} when no webhook has the event, neither waiting nor delivered nor given up */
async function resendDeliveries(pool: Pool, config: Config, name: string | undefined, eventId: string | undefined) {
  const { pipeline } = config
  const names = webhooksNamed(config, name).map((webhook) => webhook.name)
  let resent = 0
  for (const webhook of names) resent += await resendDeadDeliveries(pool, { pipeline, webhook, eventId })
  if (resent > 0 || eventId === undefined) return resent
  const known = await deliveriesOf(pool, { pipeline, eventId })
  if (known.some(({ webhook }) => names.includes(webhook))) return resent
  throw new UsageError(`no event ${eventId} is stored for ${names.join(', ')}; analyst.alert_deliveries has the ids`)
}

/** @throws {UsageError} when no webhook has the name, or none is configured */
function webhooksNamed({ alerts: { webhooks } }: Config, name: string | undefined): readonly Webhook[] {
  if (webhooks.length === 0) throw new UsageError('no webhook is configured; add one under alerts.webhooks')
  if (name === undefined) return webhooks
  const names = webhooks.map((webhook) => webhook.name)
  requireKnown('webhook', name, names)
  return webhooks.filter((webhook) => webhook.name === name)
}
