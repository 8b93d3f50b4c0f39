import { useRef } from 'preact/hooks'
import type { AnomalyDetail } from '../../api/types.js'
import { Dialog, Shown } from '../../parts/index.js'
import { latestList } from '../../state/anomaly-list.js'
import { MAX_COLUMNS } from '../../state/filters.js'
import { useRead } from '../../state/resource.js'
import { fieldsOf } from '../../words/fields-of.js'

interface ColumnsProps {
  readonly columns: readonly string[]
  readonly onColumns: (columns: readonly string[]) => void
  readonly onClose: () => void
}

/** Dialog that chooses the columns of the list, among the fields of the record of its first anomaly. */
export function Columns({ columns, onColumns, onClose }: ColumnsProps) {
  const first = useRef(latestList()?.items.value[0]?.id ?? null).current
  const example = useRead<AnomalyDetail>(first === null ? null : `/anomalies/${encodeURIComponent(first)}`)
  const isFull = columns.length >= MAX_COLUMNS
  return (
    <Dialog title="Columns" onClose={onClose}>
      <p class="quiet">
        Fields of the record that the list shows, at most {MAX_COLUMNS}. The address of the page includes them.
      </p>
      {first === null ? (
        <p>The list has no anomaly whose fields could be chosen.</p>
      ) : (
        <Shown of={example} what="the fields">
          {({ record }) => (
            <ul class="plain-list">
              {[...new Set([...fieldsOf(record), ...columns])].map((name) => (
                <li key={name}>
                  <label>
                    <input
                      type="checkbox"
                      checked={columns.includes(name)}
                      disabled={isFull && !columns.includes(name)}
                      onChange={({ currentTarget }) =>
                        onColumns(
                          currentTarget.checked ? [...columns, name] : columns.filter((other) => other !== name),
                        )
                      }
                    />{' '}
                    {name}
                  </label>
                </li>
              ))}
            </ul>
          )}
        </Shown>
      )}
    </Dialog>
  )
}
