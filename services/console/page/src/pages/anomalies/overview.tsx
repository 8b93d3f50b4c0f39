import { read, serverNow } from '../../api/client.js'
import type { Overview as OverviewData } from '../../api/types.js'
import { Shown } from '../../parts/index.js'
import { type Filters, formatFilters, queryOf } from '../../state/filters.js'
import { isNarrow } from '../../state/media.js'
import { useResource } from '../../state/resource.js'
import { Facets } from './facets.js'
import { Swimlane } from './swimlane.js'

const REFRESH_MS = 15_000
/** Time steps: about as many as fit, on a phone with the width of a finger (WCAG 2.5.8). */
const STEPS = { wide: 60, narrow: 10 }

/** The anomalies of the list by time, entity, field and severity; a click on a part narrows the list. */
export function Overview({ filters }: { filters: Filters }) {
  const steps = isNarrow.value ? STEPS.narrow : STEPS.wide
  const key = formatFilters({ ...filters, sort: 'time', columns: [] }) + steps
  const overview = useResource(
    key,
    (signal) => {
      const now = serverNow()
      const { to, ...query } = queryOf(filters, now)
      const end = 'last' in filters.span ? new Date(now).toISOString() : to
      const requested = { ...query, to: end, steps, compare: filters.compare ? 'true' : null }
      return read<OverviewData>('/anomalies/overview', requested, signal)
    },
    REFRESH_MS,
  )
  return (
    <section class="overview" aria-label="Overview">
      <Shown of={overview} what="the overview">
        {(found) => (
          <div class="overview-body">
            <Swimlane overview={found} filters={filters} />
            <Facets overview={found} isCurrent={overview.key === key} filters={filters} onVerdict={overview.reload} />
          </div>
        )}
      </Shown>
    </section>
  )
}
