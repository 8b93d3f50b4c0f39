import { formatRarity, formatShares } from '@outflow/contracts/wording'
import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { AnomalyRow } from '../../api/types.js'
import { Badge, SeverityBadge, Time } from '../../parts/index.js'
import type { AnomalyList } from '../../state/anomaly-list.js'
import type { Filters } from '../../state/filters.js'
import { isNarrow } from '../../state/media.js'
import { useShortcuts } from '../../state/shortcuts.js'
import { useVirtualRows } from '../../state/virtual-rows.js'
import { formatCount, USER_ZONE } from '../../words/format.js'
import { hrefOf } from '../links.js'
import { giveVerdict, verdictKeys } from '../verdicts.js'
import { goTo } from './filter-bar.js'

/** Pixels. On a phone a row has two lines, and a third one for the values of columns. */
const ROW_HEIGHT = { wide: 34, narrow: 62, narrowWithColumns: 86 }
/** The next page is requested when so few rows are left. */
const READ_AHEAD = 40

/** If the request fails, the next poll repeats it and reports the outcome in the header. */
const showWaitingOf = (list: AnomalyList) => void list.showWaiting().catch(() => {})

interface RowsProps {
  readonly list: AnomalyList
  readonly filters: Filters
  /** The scrolling element, which contains the list. */
  readonly box: RefObject<HTMLDivElement | null>
}

/** The rows that have been read: new anomalies wait above, older ones are read while scrolling down. */
export function Rows({ list, filters, box }: RowsProps) {
  const items = list.items.value
  const ordered = useRef<HTMLOListElement>(null)
  const selectedIndex = items.findIndex(({ id }) => id === list.selected.value)
  const { columns } = filters
  const narrow = columns.length > 0 ? ROW_HEIGHT.narrowWithColumns : ROW_HEIGHT.narrow
  const rowHeight = isNarrow.value ? narrow : ROW_HEIGHT.wide
  useLayoutEffect(() => {
    const scrolled = box.current!
    scrolled.scrollTop = list.scrollTop
    const note = () => {
      list.scrollTop = scrolled.scrollTop
      // A user who scrolls back to the top follows the new anomalies again.
      if (list.isFollowed) showWaitingOf(list)
    }
    scrolled.addEventListener('scroll', note)
    return () => scrolled.removeEventListener('scroll', note)
  }, [list, box])
  const rows = useVirtualRows({ count: items.length, rowHeight, box, list: ordered, keepIndex: selectedIndex })
  const lastShown = rows.at(-1) ?? 0
  useEffect(() => {
    if (lastShown >= items.length - READ_AHEAD && list.error.value === null) void list.readNextPage()
  }, [list, lastShown, items.length])

  const select = (index: number) => {
    const item = items[Math.min(Math.max(index, 0), items.length - 1)]
    if (item === undefined) return
    list.selected.value = item.id
    focusSoon(item.id)
  }
  const showWaiting = () => {
    showWaitingOf(list)
    list.selected.value = null
    box.current?.scrollTo({ top: 0 })
  }
  useShortcuts({
    j: () => select(selectedIndex + 1),
    k: () => select(selectedIndex - 1),
    '.': showWaiting,
    ...verdictKeys((verdict) => {
      const selected = items[selectedIndex]
      if (selected !== undefined) void giveVerdict(selected, verdict)
    }),
  })

  const waiting = list.waiting.value.length
  return (
    <>
      <div class="list-head small quiet">
        <span>severity</span>
        <SortBy order="time" filters={filters}>
          {`when (${USER_ZONE})`}
        </SortBy>
        <span class="event">event time</span>
        <span>key</span>
        {columns.map((name) => (
          <span key={name} class="column" title={name}>
            {name}
          </span>
        ))}
        <span>why</span>
        <span class="fields">fields</span>
        <SortBy order="bits" filters={filters}>
          how rare
        </SortBy>
        <span>verdict</span>
      </div>
      {waiting > 0 && (
        <div class="waiting">
          <button type="button" class="primary" onClick={showWaiting}>
            Show {formatCount(waiting)}
            {list.hasGap.value && '+'} new <kbd>.</kbd>
          </button>
        </div>
      )}
      <ol ref={ordered} style={{ height: `${items.length * rowHeight}px` }} aria-label="Anomalies">
        {rows.map((index) => {
          const item = items[index]!
          // Tab reaches one row of the list.
          const isReachable = index === Math.max(selectedIndex, 0)
          return (
            <li
              key={item.id}
              class="list-item"
              aria-posinset={index + 1}
              aria-setsize={list.isComplete.value ? items.length : -1}
              style={{ height: `${rowHeight}px`, transform: `translateY(${index * rowHeight}px)` }}
            >
              <a
                id={rowId(item.id)}
                class={`list-row ${index === selectedIndex ? 'selected' : ''}`}
                href={hrefOf(item.id)}
                tabIndex={isReachable ? 0 : -1}
                onFocus={() => {
                  list.selected.value = item.id
                }}
              >
                <Cells item={item} columns={columns} />
              </a>
            </li>
          )
        })}
      </ol>
      <p class="list-foot small quiet" role="status">
        {formatCount(items.length)} read
        {list.isComplete.value ? ', all there are' : list.isLoading.value ? ', reading on …' : ''}
        {list.error.value !== null && (
          <>
            {' · '}
            {list.error.value.message}{' '}
            <button type="button" class="link" onClick={() => list.readNextPage()}>
              Try again
            </button>
          </>
        )}
      </p>
    </>
  )
}

/** Head of a column by which the list can be ordered: newest first, or least likely first. */
function SortBy({ order, filters, children }: { order: Filters['sort']; filters: Filters; children: string }) {
  const isChosen = filters.sort === order
  return (
    <button
      type="button"
      class="sort"
      aria-pressed={isChosen}
      title={order === 'time' ? 'the newest first' : 'the least likely first'}
      onClick={() => goTo({ ...filters, sort: order })}
    >
      {children} <span aria-hidden="true">{isChosen ? '↓' : ''}</span>
    </button>
  )
}

function Cells({ item, columns }: { item: AnomalyRow; columns: readonly string[] }) {
  return (
    <>
      <SeverityBadge severity={item.severity} />
      <Time at={item.recordTime} />
      <span class="event">
        <Time at={item.eventTime} />
      </span>
      <span class="key">{item.key ?? '–'}</span>
      {columns.length > 0 && (
        <span class="values">
          {columns.map((name, at) => (
            <span key={name} class="value" title={item.values[at] ?? 'none'}>
              <span class="value-name">{name} </span>
              {item.values[at] ?? '–'}
            </span>
          ))}
        </span>
      )}
      <span class="why">
        {item.provisional && <Badge name="provisional" />} {item.topReason ?? 'without reasons yet'}
      </span>
      <span class="fields" title={formatShares(item.fields)}>
        {formatShares(item.fields)}
      </span>
      <span class="number rarity">{formatRarity(item.pValue)}</span>
      <span class="given">{item.verdict !== null && <Badge name={item.verdict} />}</span>
    </>
  )
}

const rowId = (id: string) => `row-${id}`

/** Focuses the row when it is rendered. */
function focusSoon(id: string): void {
  requestAnimationFrame(() => {
    const row = document.getElementById(rowId(id))
    row?.focus({ preventScroll: true })
    row?.scrollIntoView({ block: 'nearest' })
  })
}
