import type { ComponentChildren } from 'preact'

export interface Column<Row> {
  readonly name: string
  /** Whether the name is visible to screen readers only. */
  readonly isUnseen?: boolean
  readonly kind?: 'number' | 'detail'
  readonly of: (row: Row) => ComponentChildren
}

interface TableProps<Row> {
  /** The first column has the name of the row. */
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
  /** Shown in place of a table without rows. */
  readonly empty?: ComponentChildren
}

/** On a narrow screen each row is a card, and each cell has the name of its column. */
export function Table<Row>({ columns, rows, keyOf, empty }: TableProps<Row>) {
  if (rows.length === 0 && empty !== undefined) return <>{empty}</>
  return (
    <div class="wide-table">
      <table class="rows">
        <thead>
          <tr>
            {columns.map(({ name, kind, isUnseen = false }) => (
              <th key={name} scope="col" class={kind === 'number' ? kind : ''}>
                {isUnseen ? <span class="unseen">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map(({ name, kind = '', isUnseen = false, of }, at) =>
                at === 0 ? (
                  <th key={name} scope="row" class={kind}>
                    {of(row)}
                  </th>
                ) : (
                  <td key={name} class={kind} {...(isUnseen ? {} : { 'data-name': name })}>
                    {of(row)}
                  </td>
                ),
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
