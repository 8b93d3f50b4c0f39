import { VERDICTS } from '@outflow/contracts/verdict'
import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { serverNow } from '../../api/client.js'
import { Choice } from '../../parts/index.js'
import {
  ALL,
  countFilters,
  type Filters,
  formatFilters,
  instant,
  isBounded,
  NO_FILTERS,
  parseFilters,
  parseRarity,
  SPANS,
  type Span,
  spanBetween,
} from '../../state/filters.js'
import { navigate, place } from '../../state/location.js'
import { useShortcuts } from '../../state/shortcuts.js'
import { formatName, formatTime, shortId } from '../../words/format.js'
import { Columns } from './columns.js'

/** Shows the list with these filters. @param options  replace: no history entry, for text that is being typed */
export const goTo = (filters: Filters, options?: { replace: boolean }): void =>
  navigate(`/${formatFilters(filters)}`, options)

export function FilterBar({ filters }: { filters: Filters }) {
  const [isOpen, setOpen] = useState(false)
  const [choosesColumns, setChoosesColumns] = useState(false)
  const search = useRef<HTMLInputElement>(null)
  useShortcuts({ '/': () => search.current?.focus() })
  // Typed text takes effect later: the URL may have changed by then.
  const change = (part: Partial<Filters>, options?: { replace: boolean }) =>
    goTo({ ...parseFilters(place.value.search), pipeline: filters.pipeline, ...part }, options)
  const count = countFilters(filters)
  return (
    <search class="filters row" aria-label="Filters">
      <Typed
        label="Search records"
        inputRef={search}
        value={filters.text}
        onValue={(text) => change({ text }, { replace: true })}
      />
      <button
        type="button"
        class="filters-toggle"
        aria-expanded={isOpen}
        aria-controls="filters-more"
        onClick={() => setOpen(!isOpen)}
      >
        Filters{count > 0 ? ` (${count})` : ''}
      </button>
      <div id="filters-more" class={`filters-more row ${isOpen ? 'open' : ''}`}>
        <SpanChoice span={filters.span} onSpan={(span, options) => change({ span }, options)} />
        <Choice
          label="Verdict"
          value={filters.verdict}
          onValue={(verdict) => change({ verdict: verdict as Filters['verdict'] })}
          of={[
            ['', 'any verdict'],
            ['none', 'no verdict yet'],
            ...VERDICTS.map((verdict) => [verdict, formatName(verdict)] as const),
          ]}
        />
        <Typed label="Key" value={filters.key} onValue={(key) => change({ key }, { replace: true })} />
        <Typed
          label="Rarer than 1 in"
          inputMode="decimal"
          value={filters.rarerThan === null ? '' : String(filters.rarerThan)}
          onValue={(text) => change({ rarerThan: parseRarity(text) }, { replace: true })}
        />
        {filters.field !== '' && <Chip text={`field ${filters.field}`} onRemove={() => change({ field: '' })} />}
        {filters.severity !== '' && <Chip text={filters.severity} onRemove={() => change({ severity: '' })} />}
        {filters.model !== '' && (
          <Chip text={`model ${shortId(filters.model)}`} onRemove={() => change({ model: '' })} />
        )}
        {count > 0 && (
          <button
            type="button"
            class="link"
            onClick={() =>
              goTo({ ...NO_FILTERS, pipeline: filters.pipeline, sort: filters.sort, columns: filters.columns })
            }
          >
            Clear
          </button>
        )}
        <button type="button" onClick={() => setChoosesColumns(true)}>
          Columns
        </button>
      </div>
      {choosesColumns && (
        <Columns
          columns={filters.columns}
          onColumns={(columns) => change({ columns }, { replace: true })}
          onClose={() => setChoosesColumns(false)}
        />
      )}
    </search>
  )
}

/** A filter that is set elsewhere, with a button to remove it. */
function Chip({ text, onRemove }: { text: string; onRemove: () => void }) {
  return (
    <button type="button" class="chip" onClick={onRemove}>
      {text} <span aria-hidden="true">✕</span>
      <span class="unseen">remove this filter</span>
    </button>
  )
}

/** A choice of span, with inputs of two instants for any other span. */
export function SpanChoice({
  span,
  onSpan,
  hasAll = true,
}: {
  span: Span
  onSpan: (span: Span, options?: { replace: boolean }) => void
  hasAll?: boolean
}) {
  /** Whether the inputs are shown although both ends are open: they were chosen or emptied here. */
  const [isEmpty, setEmpty] = useState(false)
  const shown = 'last' in span ? span.last : isEmpty || isBounded(span) ? 'between' : 'all'
  const choose = (choice: string) => {
    setEmpty(choice === 'between' && !isBounded(span))
    if (Object.hasOwn(SPANS, choice)) onSpan({ last: choice as keyof typeof SPANS })
    else if (choice === 'all') onSpan(ALL)
    else if ('last' in span) onSpan(spanBetween(serverNow() - SPANS[span.last].ms, serverNow()))
  }
  const change = (edited: Span) => {
    setEmpty(!isBounded(edited))
    onSpan(edited, { replace: true })
  }
  return (
    <>
      <Choice
        label="Time"
        value={shown}
        onValue={choose}
        of={[
          ...(hasAll ? [['all', 'any time'] as const] : []),
          ...Object.entries(SPANS).map(([last, { words }]) => [last, words] as const),
          ['between', 'between …'],
        ]}
      />
      {shown === 'between' && !('last' in span) && (
        <>
          <Instant label="From" at={span.from} onAt={(from) => change({ ...span, from })} />
          <Instant label="To" at={span.to} onAt={(to) => change({ ...span, to })} />
        </>
      )}
    </>
  )
}

function Instant({ label, at, onAt }: { label: string; at: string | null; onAt: (at: string | null) => void }) {
  return (
    <label class="quiet">
      {label}{' '}
      <input
        type="datetime-local"
        step="1"
        max="9999-12-31T23:59:59"
        // A year that is being typed has fewer than four digits at first.
        value={at === null ? '' : formatTime(at).padStart(19, '0').replace(' ', 'T')}
        onChange={({ currentTarget: { value } }) => onAt(instant(value))}
      />
    </label>
  )
}

interface TypedProps {
  readonly label: string
  readonly inputMode?: 'text' | 'decimal'
  readonly value: string
  readonly onValue: (value: string) => void
  readonly inputRef?: RefObject<HTMLInputElement | null>
}

/** Long enough to type a word, short enough not to be noticed. */
const TYPING_PAUSE_MS = 300

/** Typed text takes effect after a pause, or at once with Enter. Text that is not valid, and so has no effect, is removed when the input loses the focus. */
function Typed({ label, inputMode = 'text', value, onValue, inputRef }: TypedProps) {
  const [typed, setTyped] = useState<string | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  const taken = useRef(value)
  useEffect(() => {
    // It was changed elsewhere. The value of earlier text does not replace what has been typed since.
    if (value !== taken.current) setTyped(null)
    taken.current = value
  }, [value])
  useEffect(() => () => clearTimeout(timer.current), [])
  const take = (text: string) => {
    clearTimeout(timer.current)
    if (text.trim() === value) return
    taken.current = text.trim()
    onValue(text.trim())
  }
  return (
    <label class="typed">
      <span class="unseen">{label}</span>
      <input
        ref={inputRef ?? null}
        type="search"
        inputMode={inputMode}
        value={typed ?? value}
        placeholder={label}
        onInput={({ currentTarget }) => {
          const text = currentTarget.value
          setTyped(text)
          clearTimeout(timer.current)
          timer.current = setTimeout(() => take(text), TYPING_PAUSE_MS)
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') take(event.currentTarget.value)
          if (event.key === 'Escape') event.currentTarget.blur()
        }}
        onBlur={() => {
          if (typed !== null) take(typed)
          setTyped(null)
        }}
      />
    </label>
  )
}
