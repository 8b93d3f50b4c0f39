import type { Verdict } from '@outflow/contracts/verdict'
import { formatName } from '../words/format.js'

/** Number of filled marks of three, so that colour is not the only signal. */
const LEVELS: Readonly<Record<string, number>> = { low: 1, medium: 2, high: 3 }

export function SeverityBadge({ severity }: { severity: string }) {
  const level = LEVELS[severity] ?? 3
  return (
    <span class="severity">
      <span class="pips" style={{ color: `var(--${severity})` }} aria-hidden="true">
        {[1, 2, 3].map((pip) => (
          <i key={pip} class={pip <= level ? 'on' : ''} style={{ height: `${3 + 3 * pip}px` }} />
        ))}
      </span>
      <span class="severity-word">{severity}</span>
    </span>
  )
}

export function VerdictBadge({ verdict }: { verdict: Verdict }) {
  return <span class={`badge verdict-${verdict}`}>{formatName(verdict)}</span>
}

/** Marks a model that was fitted to fewer records than a full one needs, and its anomalies. */
export function ProvisionalBadge() {
  return <span class="badge">provisional</span>
}

/** Marks a candidate that scores live records without deciding. */
export function ShadowBadge() {
  return <span class="badge">shadow</span>
}

export function StateBadge({ state }: { state: string }) {
  return <span class={`badge state-${state}`}>{formatName(state)}</span>
}
