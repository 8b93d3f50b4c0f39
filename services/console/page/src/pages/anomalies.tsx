import type { ComponentProps } from 'preact'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { Empty, Failure, Loading, liveState, useTitle } from '../parts/index.js'
import { type AnomalyList, openList } from '../state/anomaly-list.js'
import { countFilters, listKey, NO_FILTERS, parseFilters } from '../state/filters.js'
import { place } from '../state/location.js'
import { useResource, useRetry } from '../state/resource.js'
import { currentPipeline, withPipeline } from '../state/session.js'
import { FilterBar, goTo } from './anomalies/filter-bar.js'
import { Overview } from './anomalies/overview.js'
import { Rows } from './anomalies/rows.js'

/** The anomalies that the URL selects: an overview, and the list, newest first. */
export function AnomaliesPage() {
  const { search } = place.value
  const pipeline = currentPipeline.value
  const filters = useMemo(() => ({ ...parseFilters(search), pipeline }), [search, pipeline])
  const listed = listKey(filters)
  const list = useMemo(() => openList(filters), [filters])
  const box = useRef<HTMLDivElement>(null)
  const count = filters.columns.length
  useEffect(() => {
    if (list.items.value.length === 0) void list.readNextPage()
  }, [list])
  useRetry(list.error.value, () => list.readNextPage())
  useTitle('Anomalies')
  return (
    <div class="anomalies">
      <h1 class="unseen">Anomalies of {pipeline}</h1>
      {filters.sort === 'time' && <Live key={listed} list={list} />}
      <FilterBar filters={filters} />
      <div
        ref={box}
        class={`list ${count > 0 ? 'with-columns' : ''}`}
        style={count > 0 ? { '--columns': `repeat(${count}, minmax(0, 1fr))` } : {}}
      >
        <Overview filters={filters} />
        <ListBody key={listed} list={list} filters={filters} box={box} />
      </div>
    </div>
  )
}

function ListBody({ list, filters, box }: ComponentProps<typeof Rows>) {
  if (list.items.value.length > 0) return <Rows list={list} filters={filters} box={box} />
  if (list.error.value !== null) return <Failure error={list.error.value} onRetry={() => list.readNextPage()} />
  if (!list.isComplete.value) return <Loading what="anomalies" />
  if (countFilters(filters) > 0)
    return (
      <Empty title="No anomaly matches these filters">
        {filters.text !== '' && <p>The search reads records and keys, not reasons.</p>}
        <button type="button" onClick={() => goTo({ ...NO_FILTERS, pipeline: filters.pipeline })}>
          Clear the filters
        </button>
      </Empty>
    )
  return (
    <Empty title="No anomaly so far">
      New ones appear here. Are records being scored? <a href={withPipeline('/health')}>Health</a> shows it.
    </Empty>
  )
}

/** Reads new anomalies while the list is open, and reports in the header whether that succeeds. */
function Live({ list }: { list: AnomalyList }) {
  const { error } = useResource('new', () => list.readNew(), POLL_MS)
  // Until the first page has been read, the list shows that it could not be read.
  const isRead = list.items.value.length > 0 || list.isComplete.value
  const state = !isRead ? 'off' : error === null ? 'live' : 'lost'
  useEffect(() => {
    liveState.value = state
    return () => {
      liveState.value = 'off'
    }
  }, [state])
  return null
}

const POLL_MS = 2_000
