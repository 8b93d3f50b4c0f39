import type { AnomalyDetail } from '../../api/types.js'
import { copy } from '../../state/clipboard.js'
import { formatCount } from '../../words/format.js'
import { isMainReason } from './reasons.js'

/** A record may have a text of a megabyte, which would hide what is below it. */
const MOST_CHARS = 2_000

/** The record as it was received, as text; long values are cut. */
export function RecordTable({ anomaly }: { anomaly: AnomalyDetail }) {
  const unusual = new Set(anomaly.reasons.filter(isMainReason).map(({ field }) => field))
  const { record } = anomaly
  const isObject = typeof record === 'object' && record !== null && !Array.isArray(record)
  return (
    <section aria-labelledby="record">
      <div class="row spread head">
        <h2 id="record">Record</h2>
        <button type="button" class="link" onClick={() => copy('The record', JSON.stringify(record, null, 2))}>
          Copy as JSON
        </button>
      </div>
      {isObject ? (
        <table class="record">
          <tbody>
            {Object.entries(record).map(([name, value]) => (
              <tr key={name} class={unusual.has(name) ? 'unusual' : ''}>
                <th scope="row">{name}</th>
                <td>{asText(value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <pre class="record">{asText(record)}</pre>
      )}
      {anomaly.missing.length > 0 && <p class="small">Missing: {anomaly.missing.join(', ')}</p>}
      <p class="quiet small">
        {anomaly.topic}, partition {anomaly.partition}, offset {anomaly.offset}.
        {anomaly.unexplainable === null && (
          <>
            {' '}
            <button
              type="button"
              class="link"
              onClick={() => copy('The command', `outflow explain --anomaly ${anomaly.id}`)}
            >
              Copy the command that explains it
            </button>
          </>
        )}
      </p>
    </section>
  )
}

function asText(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value, null, 2) ?? '')
  return text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}… (${formatCount(text.length)} characters)` : text
}
