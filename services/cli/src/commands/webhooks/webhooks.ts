import { exampleEvent } from '@outflow/alerting'
import { postOnce } from '@outflow/alerts'
import type { Config, Webhook } from '@outflow/contracts'
import { toOutflowError } from '@outflow/errors'
import { loadConfig } from '@outflow/runtime'
import { resendDeadDeliveries, type WebhookCounts, webhookCounts } from '@outflow/store/webhooks'
import { formatCount, type Terminal } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { type PipelineOptions, withPipeline } from '../../store-access.js'

export type WebhooksOptions = PipelineOptions

export interface ResendDeliveriesOptions extends WebhooksOptions {
  readonly event?: string
}

/** Posts an example to one webhook or all of them. @returns whether each took it */
export async function testWebhooks(
  name: string | undefined,
  options: WebhooksOptions,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<boolean> {
  const config = await loadConfig(options.config)
  const event = exampleEvent(config.pipeline, new Date())
  const outcomes = await Promise.all(
    webhooksNamed(config, name).map(async (webhook) => {
      try {
        const { status, start } = await postOnce(webhook, event, signal)
        return { webhook: webhook.name, ok: true, status, said: oneLine(start) }
      } catch (thrown: unknown) {
        return { webhook: webhook.name, ok: false, said: toOutflowError(thrown).message }
      }
    }),
  )
  const lines = outcomes.map(({ webhook, ok, said, ...rest }) =>
    ok ? `✓ ${webhook}  ${rest.status} ${said}`.trimEnd() : `✗ ${webhook}  ${said}`,
  )
  await terminal.result(options.json ? `${JSON.stringify(outcomes)}\n` : `${lines.join('\n')}\n`)
  return outcomes.every(({ ok }) => ok)
}

const MOST_SAID = 100

/** What a receiver said, without what could steer a terminal. */
const oneLine = (text: string): string =>
  text
    .replaceAll(/[^\P{C}]|\s+/gu, ' ')
    .trim()
    .slice(0, MOST_SAID)

/** Prints how each configured webhook does. */
export async function listWebhooks(options: WebhooksOptions, terminal: Terminal): Promise<void> {
  const listed = await withPipeline(options, async (pool, { pipeline, alerts }) => {
    const counts = await webhookCounts(pool, pipeline)
    return alerts.webhooks.map((webhook) => ({ ...publicOf(webhook), ...countsOf(webhook.name, counts) }))
  })
  if (options.json) return terminal.result(`${JSON.stringify(listed)}\n`)
  if (listed.length === 0) return terminal.result('no webhook is configured\n')
  const table = terminal.table({
    head: ['webhook', 'kind', 'host', 'delivered', 'waiting', 'given up', 'last failure'],
    rows: listed.map(({ name, kind, host, delivered, waiting, dead, failure }) => [
      ...[name, kind, host],
      ...[formatCount(delivered), formatCount(waiting), formatCount(dead)],
      failure ?? '',
    ]),
  })
  await terminal.result(`${table}\n`)
}

/** The path of a URL may be a secret. */
const publicOf = ({ name, kind, url }: Webhook) => ({ name, kind, host: new URL(url).host })

function countsOf(name: string, counts: readonly WebhookCounts[]): Omit<WebhookCounts, 'webhook'> {
  const { waiting = 0, delivered = 0, dead = 0, failure = null } = counts.find(({ webhook }) => webhook === name) ?? {}
  return { waiting, delivered, dead, failure }
}

/** Lets what was given up be delivered again. */
export async function resendDeliveries(
  name: string | undefined,
  options: ResendDeliveriesOptions,
  terminal: Terminal,
): Promise<void> {
  const resent = await withPipeline(options, async (pool, config) => {
    const names = webhooksNamed(config, name).map((webhook) => webhook.name)
    let count = 0
    for (const webhook of names) {
      count += await resendDeadDeliveries(pool, { pipeline: config.pipeline, webhook, eventId: options.event })
    }
    return count
  })
  const text = `${formatCount(resent)} ${resent === 1 ? 'event is' : 'events are'} queued again; the alerts service delivers`
  await terminal.result(options.json ? `${JSON.stringify({ resent })}\n` : `${text}\n`)
}

/** @throws {UsageError} when there is none of that name, or none at all */
function webhooksNamed({ alerts }: Config, name: string | undefined): readonly Webhook[] {
  const all = alerts.webhooks
  const chosen = all.filter((webhook) => name === undefined || webhook.name === name)
  if (chosen.length > 0) return chosen
  if (all.length === 0) throw new UsageError('no webhook is configured; add one under alerts.webhooks')
  throw new UsageError(`no webhook is called ${name}; known: ${all.map((webhook) => webhook.name).join(', ')}`)
}
