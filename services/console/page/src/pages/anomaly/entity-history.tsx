import { formatRarity } from '@outflow/contracts/wording'
import { useMemo } from 'preact/hooks'
import { queryString, read, serverNow } from '../../api/client.js'
import type { AnomalyPage, Entity, Overview } from '../../api/types.js'
import { Chart, MarkTrack, Shown, Table, Time } from '../../parts/index.js'
import { spanBetween } from '../../state/filters.js'
import { navigate } from '../../state/location.js'
import { useResource } from '../../state/resource.js'
import { currentPipeline, withPipeline } from '../../state/session.js'
import { formatCount } from '../../words/format.js'
import { AnomalyLinks } from './anomaly-links.js'

interface EntityHistoryProps {
  readonly entity: string
  /** The anomaly of the page. */
  readonly except: string
  /** Its number of verdicts: the history is read again when it changes. */
  readonly verdicts: number
}

/** Earlier anomalies of the same key. */
export function EntityHistory({ entity, except, verdicts }: EntityHistoryProps) {
  const only = { pipeline: currentPipeline.value, key: entity }
  const history = useResource(`${queryString(only)} ${verdicts}`, async (signal) => {
    const nowMs = serverNow()
    const span = spanBetween(nowMs - SPAN_DAYS * DAY_MS, nowMs)
    const [counts, byDay, { items }] = await Promise.all([
      read<Entity>('/entities', only, signal),
      read<Overview>('/anomalies/overview', { ...only, ...span, steps: SPAN_DAYS + 1 }, signal),
      read<AnomalyPage>('/anomalies', { ...only, limit: MOST_OTHERS + 1 }, signal),
    ])
    return { counts, byDay, others: items.filter(({ id }) => id !== except).slice(0, MOST_OTHERS) }
  })
  return (
    <section aria-labelledby="entity" class="panel">
      <div class="row spread head">
        <h2 id="entity">History of {entity}</h2>
        <a class="small" href={`/${queryString(only)}`}>
          All
        </a>
      </div>
      <Shown of={history} what="its history">
        {({ counts: { anomalies, confirmed, falseAlarms, firstSeen }, byDay, others }) => (
          <>
            <p>
              {formatCount(anomalies)} {anomalies === 1 ? 'anomaly' : 'anomalies'}, {formatCount(confirmed)} confirmed,{' '}
              {formatCount(falseAlarms)} false {falseAlarms === 1 ? 'alarm' : 'alarms'}
              {firstSeen !== null && (
                <>
                  ; first <Time at={firstSeen} />
                </>
              )}
            </p>
            {byDay.total.length > 1 && <ByDay entity={entity} overview={byDay} />}
            {others.length > 0 && <AnomalyLinks items={others} note={({ pValue }) => formatRarity(pValue)} />}
          </>
        )}
      </Shown>
    </section>
  )
}

const MOST_OTHERS = 5
/** Of the chart, with a step of a day. */
const SPAN_DAYS = 90
const DAY_MS = 86_400_000
const BARS = { label: 'anomalies', colour: '--chart-1', kind: 'bars' } as const

/** Anomalies per day; a bar links to those of its day. */
function ByDay({ entity, overview }: { entity: string; overview: Overview }) {
  const { total, marks } = overview
  const [fromMs, toMs] = [Date.parse(overview.from), Date.parse(overview.to)]
  const { x, timeRange, series } = useMemo(
    () => ({
      timeRange: [fromMs / 1000, toMs / 1000] as const,
      x: total.map(({ at }) => Date.parse(at) / 1000),
      series: [{ ...BARS, values: total.map(({ anomalies }) => anomalies) }],
    }),
    [total],
  )
  const hrefOfDay = (dayMs: number) => withPipeline('/', { key: entity, ...spanBetween(dayMs, dayMs + DAY_MS) })
  const most = Math.max(...total.map(({ anomalies }) => anomalies))
  return (
    <>
      <div class="chart-marks">
        <MarkTrack marks={marks} fromMs={fromMs} toMs={toMs} />
      </div>
      <Chart
        title={`Anomalies a day, ${formatCount(most)} at most`}
        x={x}
        xLabel="day"
        timeRange={timeRange}
        series={series}
        format={formatCount}
        height={130}
        onPoint={(at) => navigate(hrefOfDay(1000 * x[at]!))}
      />
      <details>
        <summary>The same as a table</summary>
        <Table
          columns={[
            {
              name: 'day from',
              of: ({ at }) => (
                <a href={hrefOfDay(Date.parse(at))}>
                  <Time at={at} />
                </a>
              ),
            },
            { name: 'anomalies', kind: 'number', of: ({ anomalies }) => formatCount(anomalies) },
          ]}
          rows={total.toReversed()}
          keyOf={({ at }) => at}
        />
      </details>
    </>
  )
}
