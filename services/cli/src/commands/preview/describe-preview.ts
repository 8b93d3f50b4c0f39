import { formatCount, type Terminal } from '@outflow/terminal'
import type { Share, Tally } from './tally.js'

/** What a preview found. */
export interface Preview extends Tally {
  readonly pipeline: string
  readonly from: string
  readonly to: string
  /** The rules that hid something, with what was said for them. */
  readonly rules: readonly { readonly id: string; readonly hidden: number; readonly why: string }[]
}

/** The preview for people: what would have been sent, why not the rest, and day by day. */
export function describePreview(preview: Preview, terminal: Pick<Terminal, 'table'>): string {
  const { pipeline, from, to, anomalies, alerts, sent, groups, gathered, hidden, rules, bySeverity, days } = preview
  const unsent = [
    ...rules.map(({ id, hidden: count, why }) => `hidden by rule ${id}, ${why}: ${formatCount(count)}`),
    ...(hidden.cooldown > 0 ? [`hidden by a cool-down: ${formatCount(hidden.cooldown)}`] : []),
    ...gatheredLines(gathered, groups),
  ]
  const lines = [
    `${pipeline}, detected from ${from} to ${to}`,
    `${formatCount(anomalies)} anomalies would have been ${formatCount(alerts)} alerts, ${formatCount(sent)} of them about one each`,
    ...(unsent.length > 0 ? unsent : ['nothing would have been hidden or grouped']).map((line) => `  ${line}`),
  ]
  if (anomalies === 0) return `${lines[0]}\nno anomalies were detected\n`
  const severities = tableOf('severity', Object.entries(bySeverity), terminal)
  const byDay = tableOf(
    'day, UTC',
    days.map(({ day, ...share }) => [day, share]),
    terminal,
  )
  return `${[...lines, severities, byDay].join('\n')}\n`
}

const SHARED = { key: 'of a key', reason: 'of a reason', quiet: 'in quiet hours' } as const

function gatheredLines(gathered: Preview['gathered'], groups: Preview['groups']): string[] {
  return (['key', 'reason', 'quiet'] as const)
    .filter((kind) => groups[kind] > 0)
    .map((kind) => {
      const alerts = groups[kind] === 1 ? 'one alert' : `${formatCount(groups[kind])} alerts`
      return `${SHARED[kind]}: ${formatCount(gathered[kind])}, sent in ${alerts}`
    })
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
