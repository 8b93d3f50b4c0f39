import type { Position, Reason } from '@outflow/contracts'
import { loadConfig } from '@outflow/runtime'
import { type AlertFate, alertFateAt, anomalyAt } from '@outflow/store'
import { describeReasons } from './describe-reasons.js'
import { UsageError } from './errors.js'
import { withStore } from './store-access.js'
import type { Terminal } from './terminal.js'

/** Prints the reasons that were stored with an anomaly. */
export async function explainStored(
  id: string,
  { config: path, json }: { readonly config: string; readonly json?: true },
  terminal: Terminal,
): Promise<void> {
  const { pipeline, position } = parseAnomalyId(id)
  const config = await loadConfig(path)
  const [anomaly, unsent] = await withStore(config.postgres.url, (pool) =>
    Promise.all([anomalyAt(pool, pipeline, position), alertFateAt(pool, pipeline, position)]),
  )
  if (!anomaly) throw new UsageError(`no anomaly ${id} is stored; the view analyst.anomalies lists those that are`)
  if (json) {
    const { offset, ...rest } = anomaly
    return terminal.result(`${JSON.stringify({ id, offset: String(offset), ...rest, unsent })}\n`)
  }
  const { nll, pValue, severity, modelId, record } = anomaly
  const reasons: readonly Reason[] = anomaly.reasons
  await terminal.result(
    `${id}  ${severity}  nll ${nll.toFixed(2)} nats  p ${pValue.toPrecision(2)}  model ${modelId}\n` +
      `${describeReasons(reasons, anomaly.nearest)}${describeMissing(anomaly.missing)}${anomaly.rescored ? '  found by a rescore of past records\n' : ''}${describeFate(unsent)}  record ${JSON.stringify(record)}\n`,
  )
}

/** @throws {UsageError} when the id is not of the form pipeline/topic/partition/offset */
export function parseAnomalyId(id: string): { pipeline: string; position: Position } {
  const match = /^([^/]+)\/([^/]+)\/(\d{1,9})\/(\d{1,19})$/.exec(id)
  if (!match)
    throw new UsageError(
      `an anomaly is named pipeline/topic/partition/offset, such as flights/flights/2/18043; got ${id}`,
    )
  const [, pipeline, topic, partition, offset] = match
  return { pipeline: pipeline!, position: { topic: topic!, partition: Number(partition), offset: BigInt(offset!) } }
}

/** A likelihood of what was observed is told as one. */
function describeMissing(missing: readonly string[]): string {
  return missing.length === 0 ? '' : `  scored without ${missing.join(', ')}: missing in the record\n`
}

/** Why no alert tells of the anomaly by itself. */
function describeFate(unsent: AlertFate | null): string {
  if (unsent === null) return ''
  const { because, ruleId, ruleWhy, groupId } = unsent
  if (because === 'rule') return `  no alert: rule ${ruleId} hides it, ${ruleWhy}\n`
  if (because === 'cooldown') return '  no alert: there had been one of this key\n'
  return `  told with others: ${groupId}\n`
}
