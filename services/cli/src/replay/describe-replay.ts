import Table from 'cli-table3'
import { formatCount } from '../terminal.js'
import type { Changed } from './comparison.js'
import type { ReplayReport } from './replay-report.js'

/** The report for people: counts, then the strangest of what would have changed. */
export function describeReplay(report: ReplayReport): string {
  const { records, scored, rejected, notJudgedThen, flaggedThen, flaggedNow, stillFlagged, alerts } = report
  const held = 'fdr' in report.held ? `fdr ${report.held.fdr}` : `alert rate ${report.held.alertRate.toPrecision(3)}`
  const lines = [
    `${report.pipeline}, ${report.from} to ${report.to}, by model ${report.modelId} at ${held}`,
    `${formatCount(records)} records: ${formatCount(scored)} scored, ${formatCount(rejected)} rejected` +
      `${notJudgedThen > 0 ? `; ${formatCount(notJudgedThen)} had not been judged` : ''}`,
    `flagged then ${formatCount(flaggedThen)}, now ${formatCount(flaggedNow)}, both times ${formatCount(stillFlagged)}`,
    `newly flagged ${formatCount(report.newlyFlagged)}, no longer flagged ${formatCount(report.noLongerFlagged)}`,
    ...(alerts > 0 ? [`${formatCount(alerts)} alerts will be sent`] : []),
  ]
  return `${[...lines, ...tableOf('newly flagged', report.newly), ...tableOf('no longer flagged', report.noLonger)].join('\n')}\n`
}

function tableOf(what: string, changes: readonly Changed[]): string[] {
  if (changes.length === 0) return []
  const table = new Table({ head: [what, 'nll, nats', 'p now', 'p then'], style: { head: [], border: [] } })
  for (const { position, nll, pValue, pValueThen } of changes) {
    table.push([position, nll.toFixed(2), pValue.toPrecision(2), pValueThen?.toPrecision(2) ?? 'not flagged'])
  }
  return [table.toString()]
}
