import Table from 'cli-table3'
import { formatCount, formatSeconds, formatShare } from '../terminal.js'
import type { DemoSummary } from './demo-summary.js'
import type { Score } from './scoreboard.js'
import { type StrangeFlight, strangestTable } from './strangest-table.js'

/** The summary for a person. */
export function summaryText(summary: DemoSummary, strangest: readonly StrangeFlight[], columns: number): string {
  return [
    '',
    'The strangest flights',
    strangestTable(strangest, columns),
    '',
    figures(summary),
    '',
    kinds(summary),
    '',
  ].join('\n')
}

function figures(summary: DemoSummary): string {
  const { latencyMs, model, versions } = summary
  const reasons = Object.entries(summary.deadLetteredByReason).map(([reason, count]) => `${reason} ${count}`)
  const rows: readonly (readonly [string, string])[] = [
    ['records', `${formatCount(summary.received)} received of ${formatCount(summary.produced)} produced`],
    ['scored', formatCount(summary.scored)],
    ['dead-lettered', `${summary.deadLettered}: ${reasons.join(', ')}`],
    ['anomalies', `${summary.anomalies} in Postgres, at an alert rate of ${formatShare(summary.alertRate)}`],
    ['alerts', `${summary.alerts} read from the alerts topic, ${timesRead(summary.alertsRepeated)}`],
    ['throughput', `${formatCount(summary.recordsPerSecond)} records/s scored and written`],
    [
      'produce to alert',
      `p50 ${latencyMs.p50 ?? '?'} ms, p99 ${latencyMs.p99 ?? '?'} ms over ${latencyMs.alerts} alerts at ${latencyMs.perSecond} records/s`,
    ],
    [
      'model',
      `${model.id.slice(0, 8)}, RealNVP, ${formatCount(model.rows)} records, ${formatCount(model.steps)} steps in ${formatSeconds(model.fitMs)}`,
    ],
    ['versions', `outflow ${versions.outflow}, Node ${versions.node}, ${versions.backend}`],
    ['', `${versions.broker}, ${versions.database}`],
  ]
  const table = new Table({
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  })
  table.push(...rows.map((row) => [...row]))
  return table.toString()
}

const timesRead = (repeated: number): string =>
  repeated === 0 ? 'each of them once' : `${repeated} of them more than once`

function kinds({ byKind, recall, precision, corrupted, falseAlarms }: DemoSummary): string {
  const table = new Table({
    head: ['corruption', 'records', 'found', 'recall', 'precision'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  })
  const row = (name: string, { records, found, recall, precision }: Score) => [
    name,
    String(records),
    String(found),
    share(recall),
    share(precision),
  ]
  table.push(...Object.entries(byKind).map(([kind, score]) => row(kind.replaceAll('_', ' '), score)))
  table.push(row('all', { records: corrupted, found: Math.round((recall ?? 0) * corrupted), recall, precision }))
  return `${table.toString()}\n${falseAlarms} alerts are about flights that nobody corrupted; each counts against every kind's precision.`
}

const share = (value: number | null): string => (value === null ? '' : formatShare(value))
