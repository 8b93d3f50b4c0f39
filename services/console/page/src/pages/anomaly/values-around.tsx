import { formatNumber } from '@outflow/contracts/wording'
import { useMemo, useState } from 'preact/hooks'
import type { AnomalyDetail, ValuesAround as Around } from '../../api/types.js'
import { Chart, Shown } from '../../parts/index.js'
import { useRead } from '../../state/resource.js'
import { formatCount } from '../../words/format.js'

/** Values of the entity's records around the anomaly, with the span that the model expects; read from Kafka on request. */
export function ValuesAround({ anomaly }: { anomaly: AnomalyDetail }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <section aria-labelledby="around">
      <h2 id="around">Values around it</h2>
      {isOpen ? (
        <FromKafka anomaly={anomaly} />
      ) : (
        <p>
          <button type="button" onClick={() => setOpen(true)}>
            Read from Kafka
          </button>{' '}
          <span class="quiet small">
            The last records of <bdi>{anomaly.key ?? 'the partition'}</bdi>, what the model expected of each, and the
            headers of the message.
          </span>
        </p>
      )}
    </section>
  )
}

function FromKafka({ anomaly }: { anomaly: AnomalyDetail }) {
  const around = useRead<Around>(`/anomalies/${encodeURIComponent(anomaly.id)}/around`)
  return (
    <Shown of={around} what="the records around it">
      {(found) => (
        <>
          {found.headers === null && <p>The topic no longer holds the anomaly's message.</p>}
          {found.records.length > 0 && found.fields.length === 0 && <p>The model has no numeric field.</p>}
          {found.records.length > 0 &&
            found.fields.map((field, place) => (
              <FieldChart key={field} field={field} place={place} around={found} offset={anomaly.offset} />
            ))}
          {found.isCutShort && <p class="quiet small">Earlier records have been deleted from the topic.</p>}
          {found.headers !== null && <Headers headers={found.headers} />}
        </>
      )}
    </Shown>
  )
}

interface FieldChartProps {
  readonly field: string
  readonly place: number
  readonly around: Around
  /** Of the anomaly. */
  readonly offset: string
}

/** The x-axis counts records: event times need not ascend. The anomaly is 0. */
function FieldChart({ field, place, around: { records }, offset }: FieldChartProps) {
  const { x, series, isLog } = useMemo(() => {
    const own = records.findIndex((record) => record.offset === offset)
    const bands = records.map((record) => record.bands[place]!)
    const highest = Math.max(...bands.map(({ high }) => Math.abs(high)))
    return {
      isLog: Math.abs(bands[own]?.value ?? 0) > FAR * highest,
      x: records.map((_, at) => at - own),
      series: [
        { label: 'expected from', colour: '--chart-2', values: bands.map(({ low }) => low) },
        { label: 'expected to', colour: '--chart-2', values: bands.map(({ high }) => high) },
        { label: field, colour: '--chart-1', values: bands.map(({ value }) => value) },
        {
          label: 'anomaly',
          colour: '--danger',
          kind: 'point' as const,
          values: bands.map(({ value }, at) => (at === own ? value : null)),
        },
      ],
    }
  }, [records])
  return (
    <>
      <h3>{field}</h3>
      <Chart
        title={`${field} of ${formatCount(records.length)} records around the anomaly, with the span that the model expects`}
        x={x}
        xLabel="record"
        series={series}
        hasBand
        isLog={isLog}
        format={formatNumber}
        height={180}
      />
    </>
  )
}

/** Times the highest expected value: on a linear axis the others would be one line. */
const FAR = 3

function Headers({ headers }: { headers: NonNullable<Around['headers']> }) {
  if (headers.length === 0) return <p class="quiet small">Its message has no headers.</p>
  return (
    <>
      <h3>Kafka headers</h3>
      <table class="record">
        <tbody>
          {headers.map(({ name, value }, at) => (
            // A name may occur more than once.
            <tr key={at}>
              <th scope="row">{name}</th>
              <td>{value ?? 'null'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  )
}
