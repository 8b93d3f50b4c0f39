import type { Explanation } from '@outflow/contracts'
import { openDetector, unexplainable } from '@outflow/detector'
import { isRejection } from '@outflow/records'
import { loadConfig } from '@outflow/runtime'
import { ModelUnknown, type Pool } from '@outflow/store'
import { anomalyAt, type StoredAnomaly } from '@outflow/store/anomalies'
import { loadModel } from '@outflow/store/models'
import { type AlertFate, alertFateAt } from '@outflow/store/outbox'
import type { Terminal } from '@outflow/terminal'
import { oneLine } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { parseAnomalyId } from '../../positions.js'
import { withStore } from '../../store-access.js'
import { describeReasons } from './describe-reasons.js'

/**
 * Prints the reasons that were stored with an anomaly. In a burst of anomalies ingest stores some without reasons: those are
 * computed now, with the model that scored the record.
 */
export async function explainStored(
  id: string,
  { config: path, json }: { readonly config: string; readonly json?: true },
  terminal: Terminal,
): Promise<void> {
  const { pipeline, position } = parseAnomalyId(id)
  const config = await loadConfig(path)
  const { anomaly, isExplained, unsent } = await withStore(config.postgres.url, async (pool) => {
    const [stored, unsent] = await Promise.all([
      anomalyAt(pool, pipeline, position),
      alertFateAt(pool, pipeline, position),
    ])
    if (!stored) throw new UsageError(`no anomaly ${id} is stored; the view analyst.anomalies lists the stored ones`)
    const explanation = stored.reasons.length > 0 ? stored : await explainNow(pool, stored, terminal)
    return { anomaly: { ...stored, ...explanation }, isExplained: explanation !== null, unsent }
  })
  if (json) {
    const { offset, ...rest } = anomaly
    return terminal.result(`${JSON.stringify({ id, offset: String(offset), ...rest, unsent })}\n`)
  }
  const { nll, pValue, severity, modelId, record } = anomaly
  await terminal.result(
    `${id}  ${severity}  nll ${nll.toFixed(2)} nats  p ${pValue.toPrecision(2)}  model ${modelId}\n` +
      `${isExplained ? describeReasons(anomaly.reasons, anomaly.counterfactual) : ''}${describeMissing(anomaly.missing)}${anomaly.rescored ? '  found by a rescore of past records\n' : ''}${describeFate(unsent)}  record ${JSON.stringify(record)}\n`,
  )
}

/** Computes the reasons of an anomaly that was stored without, or prints why that is not possible. */
async function explainNow(
  pool: Pool,
  { pipeline, modelId, record }: StoredAnomaly,
  { say }: Terminal,
): Promise<Explanation | null> {
  const model = await loadModel(pool, { pipeline, id: modelId }).catch((error: unknown) => {
    if (error instanceof ModelUnknown) return null
    throw error
  })
  const cannot = (why: string) => {
    say(`no reasons were stored, and none can be computed: ${oneLine(why)}`)
    return null
  }
  if (model === null) return cannot(unexplainable(modelId, null)!)
  const detector = await openDetector(model.artefact)
  try {
    const why = unexplainable(modelId, detector.metadata)
    if (why !== null) return cannot(why)
    const fields = detector.read(record)
    return isRejection(fields) ? cannot(fields.detail) : await detector.explain(fields)
  } finally {
    await detector.close()
  }
}

/** A likelihood of what was observed is reported as one. */
function describeMissing(missing: readonly string[]): string {
  return missing.length === 0 ? '' : `  scored without ${oneLine(missing.join(', '))}: missing in the record\n`
}

/** Why no single alert was sent for the anomaly. */
function describeFate(unsent: AlertFate | null): string {
  if (unsent === null) return ''
  const { because, ruleId, ruleWhy, groupId } = unsent
  if (because === 'rule') return `  no alert: rule ${ruleId} hides it, ${oneLine(ruleWhy ?? '')}\n`
  if (because === 'cooldown') return '  no alert: cool-down of its key\n'
  return `  sent in the group ${oneLine(groupId ?? '')}\n`
}
