import { formatCount, type Terminal } from '@outflow/terminal'
import type { DecisionChange } from './comparison.js'
import type { RescoreReport } from './rescore-report.js'

/** The report for people: counts, then the strangest of what would have changed. */
export function describeRescore(report: RescoreReport, terminal: Terminal): string {
  const { records, scored, rejected, notScoredThen, anomaliesThen, anomaliesNow, stillAnomalies, alerts } = report
  const rule = 'fdr' in report.rule ? `fdr ${report.rule.fdr}` : `alert rate ${report.rule.alertRate.toPrecision(3)}`
  const lines = [
    `${report.pipeline}, ${report.from} to ${report.to}, by model ${report.modelId} at ${rule}`,
    `${formatCount(records)} records: ${formatCount(scored)} scored, ${formatCount(rejected)} rejected` +
      `${notScoredThen > 0 ? `; ${formatCount(notScoredThen)} had not been scored` : ''}`,
    `anomalies then ${formatCount(anomaliesThen)}, now ${formatCount(anomaliesNow)}, both times ${formatCount(stillAnomalies)}`,
    `new anomalies ${formatCount(report.newAnomalies)}, no longer anomalies ${formatCount(report.noLongerAnomalies)}`,
    ...(alerts > 0 ? [`${formatCount(alerts)} alerts will be sent`] : []),
  ]
  return `${[...lines, ...tableOf('new anomaly', report.newly, terminal), ...tableOf('no longer an anomaly', report.noLonger, terminal)].join('\n')}\n`
}

function tableOf(what: string, changes: readonly DecisionChange[], terminal: Terminal): string[] {
  if (changes.length === 0) return []
  const rows = changes.map(({ position, nll, pValue, pValueThen }) => [
    ...[position, nll.toFixed(2), pValue.toPrecision(2)],
    pValueThen?.toPrecision(2) ?? 'none',
  ])
  return [terminal.table({ head: [what, 'nll, nats', 'p now', 'p then'], rows })]
}
