import { formatRarity } from '@outflow/contracts/wording'
import { useState } from 'preact/hooks'
import { MAX_BULK_VERDICTS } from '../../../../src/api/limits.js'
import type { Overview } from '../../api/types.js'
import { SeverityBadge } from '../../parts/index.js'
import { countFilters, type Filters, isBounded, SEVERITIES } from '../../state/filters.js'
import { may } from '../../state/session.js'
import { formatCompact, formatCount } from '../../words/format.js'
import { BulkVerdictForm } from './bulk-verdict.js'
import { goTo } from './filter-bar.js'

interface FacetsProps {
  readonly overview: Overview
  /** Whether the overview is that of the filters, not the one before, which is shown until that has been read. */
  readonly isCurrent: boolean
  readonly filters: Filters
  readonly onVerdict: () => void
}

/** Counts by severity and by field of the main reason; a click filters by one, another click removes that filter. */
export function Facets({ overview, isCurrent, filters, onVerdict }: FacetsProps) {
  /** Of the verdict that is being given; another page of the history has others. */
  const [givingOn, setGivingOn] = useState<Filters | null>(null)
  const { anomalies, leastLikelyOf, before, severities, fields } = overview
  const named = fields.flatMap(({ name, ...counts }) => (name === null ? [] : [{ name, ...counts }]))
  const most = Math.max(1, ...named.map((field) => field.anomalies))
  const isFew = anomalies > 0 && anomalies <= MAX_BULK_VERDICTS
  const mayGiveAll = may('analyst') && isCurrent && countFilters(filters) > 0 && isFew
  return (
    <div class="facets">
      <p class="facets-total">
        <b>{formatCount(anomalies)}</b> {anomalies === 1 ? 'anomaly' : 'anomalies'}
        <Change anomalies={anomalies} before={before} />
        {mayGiveAll && ' · '}
        {mayGiveAll && (
          <button type="button" class="link" onClick={() => setGivingOn(filters)}>
            Verdict on all
          </button>
        )}
      </p>
      {leastLikelyOf !== null && (
        <p class="quiet small">
          {filters.text === '' ? 'The least likely' : 'The search reads only the least likely'},{' '}
          {formatRarity(leastLikelyOf.maxPValue)} and rarer, of about {formatCompact(leastLikelyOf.about)}. A shorter
          time or a filter shows all.
        </p>
      )}
      <div class="row">
        {SEVERITIES.map((severity) => {
          const found = severities.find(({ name }) => name === severity)
          return (
            <button
              key={severity}
              type="button"
              class="facet"
              aria-pressed={filters.severity === severity}
              onClick={() => goTo({ ...filters, severity: filters.severity === severity ? '' : severity })}
            >
              <SeverityBadge severity={severity} /> {formatCount(found?.anomalies ?? 0)}
              {found !== undefined && <Change anomalies={found.anomalies} before={found.before} />}
            </button>
          )
        })}
      </div>
      <ul class="field-facets" aria-label="Fields of the main reason">
        {named.map((field) => (
          <li key={field.name}>
            <button
              type="button"
              class="facet field-facet"
              aria-pressed={filters.field === field.name}
              onClick={() => goTo({ ...filters, field: filters.field === field.name ? '' : field.name })}
            >
              <span class="facet-name">{field.name}</span>
              <span class="bar" aria-hidden="true">
                <i style={{ width: `${(field.anomalies / most) * 100}%` }} />
              </span>
              <span class="number">
                {formatCount(field.anomalies)}
                <Change anomalies={field.anomalies} before={field.before} />
              </span>
            </button>
          </li>
        ))}
      </ul>
      <label class="row small">
        <input
          type="checkbox"
          checked={filters.compare}
          disabled={!isBounded(filters.span)}
          onChange={({ currentTarget }) => goTo({ ...filters, compare: currentTarget.checked })}
        />{' '}
        Compare with the period before
      </label>
      {givingOn === filters && mayGiveAll && (
        <BulkVerdictForm overview={overview} filters={filters} onGiven={onVerdict} onClose={() => setGivingOn(null)} />
      )}
    </div>
  )
}

export function Change({ anomalies, before }: { anomalies: number; before: number | null }) {
  if (before === null) return null
  const more = anomalies - before
  const sign = more > 0 ? '+' : more < 0 ? '−' : '±'
  return (
    <span class="change quiet small" title={`${formatCount(before)} in the period before`}>
      {' '}
      {sign}
      {formatCount(Math.abs(more))}
    </span>
  )
}
