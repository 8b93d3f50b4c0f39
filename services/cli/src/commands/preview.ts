import type { Config } from '@outflow/contracts'
import type { Pool } from '@outflow/store'
import { eachDetected } from '@outflow/store/anomalies'
import { listSuppressions } from '@outflow/store/suppressions'
import { formatCount, formatCounted, oneLine, type Terminal } from '@outflow/terminal'
import { type CommandContext, printResult } from '../command-context.js'
import { moment, type RangeOptions, rangeOf, toOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { withPipeline } from '../store-access.js'
import { atAlertRate, makeTally, type Share } from './preview/tally.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Applies the suppression rules, and cool-down, quiet hours and grouping of the configuration, to the stored ' +
        'anomalies of a past range, and prints how many alerts would have been sent, hidden by which rule, or grouped. ' +
        'A detection.alertRate that is lower than at detection is applied, too; for a higher one, use rescore. Changes nothing.',
    )
    .requiredOption('--from <time>', 'start, by time of detection: ISO 8601, or 7d for seven days ago', moment)
    .addOption(toOption())
    .pipelineOptions('the report')
    .examples('outflow preview --from 7d', 'outflow preview --from 7d --config quieter.yaml --json')
    .action(async (options: RangeOptions) => {
      const range = rangeOf(options)
      const preview = await withPipeline(options, (pool, config) => previewOf(pool, config, range))
      await printResult(terminal, options.json, preview, describePreview(preview, terminal))
    })
}

async function previewOf(
  pool: Pool,
  { pipeline, alerts, detection }: Config,
  { from, to }: ReturnType<typeof rangeOf>,
) {
  const rules = await listSuppressions(pool, { pipeline, notExpired: from })
  const tally = makeTally({ ...alerts, suppressions: rules.toReversed() })
  const detected = await eachDetected(pool, { pipeline, from, to }, async (anomalies) => {
    const alerted = anomalies.filter((anomaly) => alerts.provisional || !anomaly.provisional)
    for (const anomaly of atAlertRate(alerted, detection)) tally.add(anomaly)
  })
  const result = tally.end()
  return {
    pipeline,
    from: from.toISOString(),
    to: to.toISOString(),
    /** Anomalies of the range, also those that the configuration does not alert. */
    detected,
    ...result,
    hidden: {
      ...result.hidden,
      /** The rules that hid anomalies, with the reason given for each. */
      rules: result.hidden.rules.map((hid) => ({ ...hid, why: rules.find(({ id }) => id === hid.id)!.why })),
    },
  }
}

type Preview = Awaited<ReturnType<typeof previewOf>>

/** The preview as text: the alerts that would have been sent, why the others would not, and the counts per day. */
export function describePreview(preview: Preview, terminal: Pick<Terminal, 'table'>): string {
  const { pipeline, from, to, anomalies, alerts, sent, groups, grouped, hidden, bySeverity, days } = preview
  const unsent = [
    ...hidden.rules.map(({ id, hidden: count, why }) => `hidden by rule ${id}, ${oneLine(why)}: ${formatCount(count)}`),
    ...(hidden.cooldown > 0 ? [`hidden by a cool-down: ${formatCount(hidden.cooldown)}`] : []),
    ...groupedLines(grouped, groups),
  ]
  const lines = [
    `${pipeline}, detected from ${from} to ${to}`,
    `${formatCounted(anomalies, 'anomaly')} would have been ${formatCounted(alerts, 'alert')}, ${formatCount(sent)} of them about one each`,
    ...(unsent.length > 0 ? unsent : ['nothing would have been hidden or grouped']).map((line) => `  ${line}`),
  ]
  if (preview.detected === 0) return `${lines[0]}\nno anomalies were detected`
  if (anomalies === 0) {
    return `${lines[0]}\nnone of ${formatCounted(preview.detected, 'detected anomaly')} would have been alerted`
  }
  const severities = tableOf('severity', Object.entries(bySeverity), terminal)
  const byDay = tableOf(
    'day, UTC',
    days.map(({ day, ...share }) => [day, share]),
    terminal,
  )
  return [...lines, severities, byDay].join('\n')
}

const SHARED = { key: 'of a key', reason: 'of a reason', quiet: 'in quiet hours' } as const

function groupedLines(grouped: Preview['grouped'], groups: Preview['groups']): string[] {
  return (['key', 'reason', 'quiet'] as const)
    .filter((kind) => groups[kind] > 0)
    .map((kind) => `${SHARED[kind]}: ${formatCount(grouped[kind])}, sent in ${formatCounted(groups[kind], 'alert')}`)
}

function tableOf(
  what: string,
  shares: readonly (readonly [string, Share])[],
  { table }: Pick<Terminal, 'table'>,
): string {
  return table({
    head: [what, 'anomalies', 'alerts'],
    aligns: ['left', 'right', 'right'],
    rows: shares.map(([name, { anomalies, alerts }]) => [name, formatCount(anomalies), formatCount(alerts)]),
  })
}
