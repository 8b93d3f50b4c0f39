import { formatRarity } from '@outflow/contracts/wording'
import { useRef, useState } from 'preact/hooks'
import type { Overview } from '../../api/types.js'
import { MarkTrack } from '../../parts/index.js'
import { ALL, type Filters, isBounded, spanBetween } from '../../state/filters.js'
import { isNarrow } from '../../state/media.js'
import { formatCount, formatTime, timeLabels } from '../../words/format.js'
import { labelColumns } from '../../words/label-columns.js'
import { Change } from './facets.js'
import { goTo } from './filter-bar.js'

type Cell = Overview['total'][number]

/** Pixels that the pointer must move to select a range. */
const MIN_DRAG_PX = 5

/** Labels of the time axis: as many as fit with seconds. */
const LABELS = { wide: 8, narrow: 4 }

/** Lanes of entities by time, below bars of the totals; the colour of a cell is that of its least likely record. A drag selects a range, a click a cell. */
export function Swimlane({ overview, filters }: { overview: Overview; filters: Filters }) {
  const stepMs = overview.stepSeconds * 1_000
  const fromMs = Math.floor(Date.parse(overview.from) / stepMs) * stepMs
  const columns = Math.max(1, Math.ceil((Date.parse(overview.to) - fromMs) / stepMs))
  const columnOf = ({ at }: Cell) => Math.round((Date.parse(at) - fromMs) / stepMs)
  const choose = (part: Partial<Filters>, first: number, last = first) =>
    goTo({ ...filters, ...part, span: spanBetween(fromMs + first * stepMs, fromMs + (last + 1) * stepMs) })
  const { axis, brush, ...drag } = useBrush(columns, (first, last) => choose({}, first, last))
  const most = Math.max(1, ...overview.total.map(({ anomalies }) => anomalies))
  const filterOf = (name: string): Partial<Filters> => (overview.lanesBy === 'entity' ? { key: name } : { field: name })
  const mostLabels = isNarrow.value ? LABELS.narrow : LABELS.wide
  const { labelMs, labels } = labelColumns({ fromMs, stepMs, columns, most: mostLabels, toLocal })
  const labelWords = timeLabels(
    labels.map(({ column }) => fromMs + column * stepMs),
    labelMs / 1_000,
  )
  /** Each button has the whole height of the lane, also where only `heightOf` percent of it are coloured. */
  const cellsOf = (cells: readonly Cell[], part: Partial<Filters>, prefix: string, heightOf = (_: Cell) => 100) =>
    cells.map((cell, place) => {
      const column = columnOf(cell)
      const colour = heatColour(heatOf(cell.leastPValue))
      const words = `${prefix}${formatTime(cell.at)}: ${formatCount(cell.anomalies)}, the least likely ${formatRarity(cell.leastPValue)}`
      return (
        <button
          key={cell.at}
          type="button"
          style={{
            gridColumn: column + 1,
            background: `linear-gradient(${colour}, ${colour}) bottom / 100% ${heightOf(cell)}% no-repeat`,
          }}
          data-column={column}
          tabIndex={place === 0 ? 0 : -1}
          title={words}
          aria-label={words}
          onClick={() => choose(part, column)}
        />
      )
    })
  const grid = { gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))` }
  return (
    <section class="swimlane" aria-label="Anomalies by time" onKeyDown={moveFocus} {...drag}>
      <div class="lane lane-marks">
        <span />
        <MarkTrack marks={overview.marks} fromMs={fromMs} toMs={fromMs + columns * stepMs} />
      </div>
      <div class="lane lane-total">
        <span class="lane-name quiet">all</span>
        <div class="cells" ref={axis} style={grid}>
          {cellsOf(overview.total, {}, '', (cell) => Math.max(6, (cell.anomalies / most) * 100))}
        </div>
      </div>
      {overview.lanes.map(({ name, anomalies, before, cells }) => (
        <div class="lane" key={name}>
          {name === null ? (
            <span class="lane-name quiet">
              <span class="facet-name">without reasons yet</span>
            </span>
          ) : (
            <button
              type="button"
              class="lane-name"
              title={name}
              onClick={() => goTo({ ...filters, ...filterOf(name) })}
            >
              <span class="facet-name">{name}</span>
              <span class="number quiet">
                {formatCount(anomalies)}
                <Change anomalies={anomalies} before={before} />
              </span>
            </button>
          )}
          <div class="cells" style={grid}>
            {cellsOf(cells, name === null ? {} : filterOf(name), name === null ? '' : `${name}, `)}
          </div>
        </div>
      ))}
      <div class="lane lane-axis quiet" aria-hidden="true">
        <span />
        <div class="cells" style={grid}>
          {labels.map(({ column, width }, i) => (
            <span key={column} style={{ gridColumn: `${column + 1} / span ${width}` }}>
              {labelWords[i]}
            </span>
          ))}
        </div>
      </div>
      {brush !== null && (
        <div class="lane brush">
          <span />
          <div class="cells" style={grid}>
            <i style={{ gridColumn: `${brush.first + 1} / ${brush.last + 2}` }} />
          </div>
        </div>
      )}
      <p class="row swimlane-foot quiet small">
        <span class="legend">
          least likely record 1 in 100{' '}
          {HEATS.map((heat) => (
            <i key={heat} style={{ background: heatColour(heat) }} />
          ))}{' '}
          1 in a million
        </span>
        <span class="for-mouse">Drag to choose a time, click to look closer.</span>
        {isBounded(filters.span) && (
          <button type="button" class="link" onClick={() => goTo({ ...filters, span: ALL, compare: false })}>
            Any time
          </button>
        )}
      </p>
    </section>
  )
}

/** In the user's time zone. */
const toLocal = (timeMs: number): number => timeMs - new Date(timeMs).getTimezoneOffset() * 60_000

const HEATS = [1, 2, 3, 4, 5] as const

const heatColour = (heat: number): string => `var(--heat-${heat})`

/** One level per decade of p-values: 1 from 1 in 100, 5 from 1 in a million. */
function heatOf(pValue: number): number {
  return Math.min(5, Math.max(1, Math.floor(-Math.log10(Math.max(pValue, Number.MIN_VALUE)) + 1e-9) - 1))
}

/** Selects columns with the pointer along the cells of `axis`. */
function useBrush(columns: number, onChosen: (first: number, last: number) => void) {
  const axis = useRef<HTMLDivElement>(null)
  const pressedX = useRef<number | null>(null)
  const [brush, setBrush] = useState<{ readonly first: number; readonly last: number } | null>(null)
  const columnAt = (x: number): number => {
    const { left, width } = axis.current!.getBoundingClientRect()
    return Math.min(columns - 1, Math.max(0, Math.floor(((x - left) / width) * columns)))
  }
  const onPointerDown = ({ button, clientX }: PointerEvent) => {
    const isOverCells = clientX >= axis.current!.getBoundingClientRect().left
    pressedX.current = button === 0 && isOverCells ? clientX : null
  }
  const onPointerMove = (event: PointerEvent) => {
    const from = pressedX.current
    if (from === null || (brush === null && Math.abs(event.clientX - from) < MIN_DRAG_PX)) return
    const lanes = event.currentTarget as HTMLElement
    // From here on the drag captures the pointer: the cell below it is not clicked.
    lanes.setPointerCapture(event.pointerId)
    const ends = [columnAt(from), columnAt(event.clientX)]
    setBrush({ first: Math.min(...ends), last: Math.max(...ends) })
  }
  const onPointerCancel = () => {
    pressedX.current = null
    setBrush(null)
  }
  const onPointerUp = () => {
    onPointerCancel()
    if (brush !== null) onChosen(brush.first, brush.last)
  }
  return { axis, brush, onPointerDown, onPointerMove, onPointerUp, onPointerCancel }
}

/** Arrow keys move between cells: within a lane, and to the nearest cell of the lane above or below. */
function moveFocus(event: KeyboardEvent): void {
  const cell = event.target instanceof HTMLElement ? event.target.closest<HTMLElement>('[data-column]') : null
  if (cell === null) return
  const next = nextCell(cell, event.key)
  if (next === null) return
  event.preventDefault()
  next.focus()
}

function nextCell(cell: HTMLElement, key: string): HTMLElement | null {
  if (key === 'ArrowLeft') return cell.previousElementSibling as HTMLElement | null
  if (key === 'ArrowRight') return cell.nextElementSibling as HTMLElement | null
  if (key !== 'ArrowUp' && key !== 'ArrowDown') return null
  const lanes = [...cell.closest('.swimlane')!.querySelectorAll('.cells:has([data-column])')]
  const lane = lanes[lanes.indexOf(cell.parentElement!) + (key === 'ArrowDown' ? 1 : -1)]
  if (lane === undefined) return null
  const distance = (other: HTMLElement) => Math.abs(Number(other.dataset.column) - Number(cell.dataset.column))
  return [...lane.querySelectorAll<HTMLElement>('[data-column]')].reduce((a, b) => (distance(b) < distance(a) ? b : a))
}
