import type { Precision as Group } from '../../api/types.js'
import { Choice, type Column, Empty, SeverityBadge, Shown, Table } from '../../parts/index.js'
import { navigate, place } from '../../state/location.js'
import { useRead } from '../../state/resource.js'
import { currentPipeline, withPipeline } from '../../state/session.js'
import { formatCount } from '../../words/format.js'
import { ModelLink } from '../links.js'

type Grouping = Group['groupedBy']

const GROUPINGS: readonly Grouping[] = ['week', 'field', 'severity', 'model']

/** Share of confirmed anomalies among those with a verdict, by week, field, severity or model. */
export function Precision() {
  const groups = useRead<readonly Group[]>('/precision', { pipeline: currentPipeline.value })
  const wanted = new URLSearchParams(place.value.search).get('by')
  const by = GROUPINGS.find((grouping) => grouping === wanted) ?? 'week'
  return (
    <section aria-labelledby="precision">
      <div class="row spread head">
        <h2 id="precision">Precision</h2>
        <Choice
          label="Grouped"
          value={by}
          onValue={(value) => navigate(withPipeline('/models', { by: value }), { replace: true })}
          of={GROUPINGS.map((grouping) => [grouping, `by ${grouping}`])}
        />
      </div>
      <Shown of={groups} what="verdicts">
        {(found) =>
          found.length === 0 ? (
            <Empty title="No verdicts yet">
              Precision is the share of confirmed anomalies among those with a verdict. Give verdicts on a random sample
              of the <a href={withPipeline('/', { verdict: 'none' })}>anomalies without one</a>.
            </Empty>
          ) : (
            <Table
              columns={columnsOf(by)}
              rows={found.filter(({ groupedBy }) => groupedBy === by)}
              keyOf={({ value }) => value}
            />
          )
        }
      </Shown>
    </section>
  )
}

const columnsOf = (by: Grouping): readonly Column<Group>[] => [
  { name: by === 'week' ? 'week from' : by, of: ({ value }) => named(by, value) },
  { name: 'precision', kind: 'number', of: ({ precision }) => percent(precision) },
  { name: '95 % interval', kind: 'number', of: ({ lower, upper }) => `${percent(lower)} to ${percent(upper)}` },
  { name: 'confirmed', kind: 'number', of: ({ confirmed }) => formatCount(confirmed) },
  { name: 'false alarms', kind: 'number', of: ({ falseAlarms }) => formatCount(falseAlarms) },
  { name: 'expected', kind: 'number', of: ({ expected }) => formatCount(expected) },
]

function named(by: Grouping, value: string) {
  if (by === 'severity') return <SeverityBadge severity={value} />
  if (by === 'field') return <a href={withPipeline('/', { field: value })}>{value}</a>
  return by === 'week' ? value : <ModelLink id={value} />
}

const percent = (share: number): string => `${Math.round(100 * share)} %`
