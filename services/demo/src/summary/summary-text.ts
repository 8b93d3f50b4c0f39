import { formatShare } from '@outflow/contracts/wording'
import type { StoredAnomaly } from '@outflow/store/anomalies'
import { formatCount, formatCounted, formatSeconds, type Terminal } from '@outflow/terminal'
import { leastLikelyTable } from '../flights/unlikely-flights.js'
import type { DemoSummary } from './summary.js'

export function summaryText(summary: DemoSummary, leastLikely: readonly StoredAnomaly[], terminal: Terminal): string {
  return [
    '',
    'The least likely flights',
    leastLikelyTable(leastLikely, terminal),
    '',
    terminal.table({ rows: figures(summary) }),
    '',
    kinds(summary, terminal),
    '',
  ].join('\n')
}

function figures(summary: DemoSummary): readonly (readonly [string, string])[] {
  const { latencyMs, model, versions } = summary
  const reasons = Object.entries(summary.deadLetteredByReason).map(([reason, count]) => `${reason} ${count}`)
  return [
    ['records', `${formatCount(summary.received)} received of ${formatCount(summary.produced)} produced`],
    ['scored', formatCount(summary.scored)],
    ['dead-lettered', `${summary.deadLettered}: ${reasons.join(', ')}`],
    ['anomalies', `${summary.anomalies} in Postgres, at an alert rate of ${formatShare(summary.alertRate)}`],
    ['alerts', `${summary.alerts} read from the alerts topic, ${timesRead(summary.alertsRepeated)}`],
    ['throughput', `${formatCount(summary.recordsPerSecond)} records/s scored and written`],
    [
      'produce to alert',
      `p50 ${latencyMs.p50 ?? '?'} ms, p99 ${latencyMs.p99 ?? '?'} ms over ${formatCounted(latencyMs.alerts, 'alert')} at ${latencyMs.perSecond} records/s`,
    ],
    [
      'model',
      `${model.id.slice(0, 8)}, RealNVP, ${formatCount(model.rows)} records, ${formatCount(model.steps)} steps in ${formatSeconds(model.fitMs)}`,
    ],
    ['versions', `outflow ${versions.outflow}, Node ${versions.node}, ${versions.backend}`],
    ['', `${versions.broker}, ${versions.database}`],
  ]
}

const timesRead = (repeated: number): string =>
  repeated === 0 ? 'each of them once' : `${repeated} of them more than once`

function kinds({ byKind, recall, precision, corrupted, falseAlarms }: DemoSummary, terminal: Terminal): string {
  const row = (name: string, { records, found, recall, precision }: DemoSummary['byKind'][string]) => [
    name,
    records,
    found,
    share(recall),
    share(precision),
  ]
  const all = { records: corrupted, found: Math.round((recall ?? 0) * corrupted), recall, precision }
  const table = terminal.table({
    head: ['corruption', 'records', 'found', 'recall', 'precision'],
    aligns: ['left', 'right', 'right', 'right', 'right'],
    rows: [...Object.entries(byKind).map(([kind, score]) => row(kind.replaceAll('_', ' '), score)), row('all', all)],
  })
  return `${table}\nAlerts about flights that nobody corrupted: ${formatCount(falseAlarms)}. Each counts against every kind's precision.`
}

const share = (value: number | null): string => (value === null ? '' : formatShare(value))
