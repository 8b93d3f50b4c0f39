import { formatRarity } from '@outflow/contracts/wording'
import { useMemo } from 'preact/hooks'
import { queryString, read } from '../../api/client.js'
import type { Entity } from '../../api/types.js'
import { Chart } from '../../parts/chart.js'
import { MarkTrack } from '../../parts/mark-track.js'
import { Shown } from '../../parts/states.js'
import { Time } from '../../parts/time.js'
import { spanBetween } from '../../state/filters.js'
import { navigate } from '../../state/location.js'
import { useResource } from '../../state/resource.js'
import { formatCount } from '../../words/format.js'
import { AnomalyLinks } from './anomaly-links.js'

interface EntityHistoryProps {
  readonly pipeline: string
  readonly entity: string
  /** The anomaly of the page. */
  readonly except: string
  /** Its number of verdicts: the history is read again when it changes. */
  readonly verdicts: number
}

/** Earlier anomalies of the same key. */
export function EntityHistory({ pipeline, entity, except, verdicts }: EntityHistoryProps) {
  const path = `/entities/${encodeURIComponent(pipeline)}/${encodeURIComponent(entity)}`
  const history = useResource(`${path} ${verdicts}`, (signal) => read<Entity>(path, { limit: 6 }, signal))
  return (
    <section aria-labelledby="entity" class="panel">
      <div class="row spread head">
        <h2 id="entity">History of {entity}</h2>
        <a class="small" href={`/${queryString({ pipeline, key: entity })}`}>
          All
        </a>
      </div>
      <Shown of={history} what="its history">
        {(found) => <Body pipeline={pipeline} history={found} except={except} />}
      </Shown>
    </section>
  )
}

function Body({ pipeline, history, except }: { pipeline: string; history: Entity; except: string }) {
  const others = history.recent.filter(({ id }) => id !== except).slice(0, 5)
  return (
    <>
      <p>
        {formatCount(history.anomalies)} {history.anomalies === 1 ? 'anomaly' : 'anomalies'},{' '}
        {formatCount(history.confirmed)} confirmed, {formatCount(history.falseAlarms)} false{' '}
        {history.falseAlarms === 1 ? 'alarm' : 'alarms'}
        {history.firstSeen !== null && (
          <>
            ; first <Time at={history.firstSeen} />
          </>
        )}
      </p>
      {history.byDay.length > 1 && <ByDay pipeline={pipeline} history={history} />}
      {others.length > 0 && <AnomalyLinks items={others} note={({ pValue }) => formatRarity(pValue)} />}
    </>
  )
}

const DAY_MS = 86_400_000

/** Anomalies per day; a bar links to those of its day. */
function ByDay({ pipeline, history }: { pipeline: string; history: Entity }) {
  const { key, byDay, marks } = history
  const [fromMs, toMs] = [Date.parse(history.from), Date.parse(history.to)]
  const { x, xRange, series } = useMemo(
    () => ({
      xRange: [fromMs / 1000, toMs / 1000] as const,
      x: byDay.map(({ day }) => Date.parse(day) / 1000),
      series: [
        {
          label: 'anomalies',
          colour: '--chart-1',
          kind: 'bars' as const,
          values: byDay.map(({ anomalies }) => anomalies),
        },
      ],
    }),
    [byDay],
  )
  const showDay = (at: number) => {
    const dayMs = 1000 * x[at]!
    navigate(`/${queryString({ pipeline, key, ...spanBetween(dayMs, dayMs + DAY_MS) })}`)
  }
  const most = Math.max(...byDay.map(({ anomalies }) => anomalies))
  return (
    <>
      <div class="chart-marks">
        <MarkTrack pipeline={pipeline} marks={marks} fromMs={fromMs} toMs={toMs} />
      </div>
      <Chart
        title={`Anomalies a day, ${formatCount(most)} at most`}
        x={x}
        xLabel="day"
        isTime
        xRange={xRange}
        series={series}
        format={formatCount}
        height={130}
        onPoint={showDay}
      />
    </>
  )
}
