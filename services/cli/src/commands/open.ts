import { anomalyUrl } from '@outflow/alerting'
import type { Config } from '@outflow/contracts'
import { StoreUnavailable } from '@outflow/store'
import { type CommandContext, printResult } from '../command-context.js'
import { UsageError } from '../errors.js'
import type { OutflowCommand } from '../outflow-command.js'
import { requireAnomalyId } from '../positions.js'
import { type PipelineOptions, storedAnomaly, withPipeline } from '../store-access.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      "Prints the address of an anomaly's page in the console. If the database is unavailable, the id is not looked up.",
    )
    .argument('<id>', 'pipeline/topic/partition/offset, the id of its alert')
    .pipelineOptions('the address')
    .examples('outflow open flights/flights/2/18043')
    .action(async (id: string, options: PipelineOptions) => {
      const place = requireAnomalyId(id)
      const address = await withPipeline(options, async (pool, config) => {
        await storedAnomaly(pool, place).catch((thrown: unknown) => {
          if (!(thrown instanceof StoreUnavailable)) throw thrown
        })
        return anomalyAddress(id, config)
      })
      await printResult(terminal, options.json, { id, address }, address)
    })
}

/** @throws {UsageError} when the configuration does not fix the console's port */
export function anomalyAddress(id: string, { console, http }: Pick<Config, 'console' | 'http'>): string {
  if (console.url === undefined && http.ports.console === 0)
    throw new UsageError('the console takes any free port (http.ports.console: 0); set console.url to its address')
  const base =
    console.url ?? `http://${console.host.includes(':') ? `[${console.host}]` : console.host}:${http.ports.console}`
  return anomalyUrl(base, id)
}
