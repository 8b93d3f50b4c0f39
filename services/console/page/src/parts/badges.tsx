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

/** A verdict, a state of a model, `shadow` (scores without deciding) or `provisional` (fitted to few records, or found by such a model). */
export function Badge({ name }: { name: string }) {
  return <span class={`badge ${name}`}>{formatName(name)}</span>
}
