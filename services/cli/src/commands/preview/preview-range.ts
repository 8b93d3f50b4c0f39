import { controlOf } from '@outflow/alerting'
import { eachDetected } from '@outflow/store/anomalies'
import { listSuppressions } from '@outflow/store/suppressions'
import type { Terminal } from '@outflow/terminal'
import { UsageError } from '../../errors.js'
import { withPipeline } from '../../store-access.js'
import { describePreview, type Preview } from './describe-preview.js'
import { alertOfAnomaly, makeTally } from './tally.js'

export interface PreviewOptions {
  readonly from: Date
  readonly to?: Date
  readonly config: string
  readonly json?: true
}

const AT_ONCE = 1_000

/** Decides again on the anomalies of a range of detection, and prints how many alerts would have come of them. */
export async function previewRange(options: PreviewOptions, terminal: Terminal): Promise<void> {
  const { from, to = new Date() } = options
  if (from >= to) throw new UsageError(`--from ${from.toISOString()} is not before --to ${to.toISOString()}`)
  const preview = await withPipeline(options, async (pool, { pipeline, alerts }): Promise<Preview> => {
    const rules = await listSuppressions(pool, { pipeline, notExpired: from })
    const tally = makeTally(controlOf(alerts, rules.toReversed()))
    await eachDetected(pool, { pipeline, from, to }, AT_ONCE, async (anomalies) => {
      for (const anomaly of anomalies) tally.add(alertOfAnomaly(pipeline, anomaly))
    })
    const result = tally.end()
    return {
      pipeline,
      from: from.toISOString(),
      to: to.toISOString(),
      ...result,
      rules: result.hidden.rules.map((hid) => ({ ...hid, why: rules.find(({ id }) => id === hid.id)!.why })),
    }
  })
  await terminal.result(options.json ? `${JSON.stringify(preview)}\n` : describePreview(preview, terminal))
}
