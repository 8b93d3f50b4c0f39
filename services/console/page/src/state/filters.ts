import { VERDICTS, type Verdict } from '@outflow/contracts/verdict'
import { type Query, queryString } from '../api/client.js'

/** A span of time: up to now, or between two instants (ISO 8601; null leaves that end open). */
export type Span = { readonly last: keyof typeof SPANS } | { readonly from: string | null; readonly to: string | null }

/** Filters, order and columns of the list of anomalies. null and '' select everything. */
export interface Filters {
  readonly pipeline: string
  readonly span: Span
  readonly key: string
  readonly field: string
  readonly severity: (typeof SEVERITIES)[number] | ''
  readonly verdict: Verdict | 'none' | ''
  readonly model: string
  /** N of 1 in N. */
  readonly rarerThan: number | null
  readonly text: string
  readonly sort: 'time' | 'bits'
  /** Fields of the record that are shown as columns, such as `delay` or `route.origin`; at most MAX_COLUMNS. */
  readonly columns: readonly string[]
  /** Whether counts of the period before are shown as well. */
  readonly compare: boolean
}

const HOUR_MS = 3_600_000

/** Spans up to now that can be chosen, with their milliseconds and words. */
export const SPANS = {
  '1h': { ms: HOUR_MS, words: 'last hour' },
  '6h': { ms: 6 * HOUR_MS, words: 'last 6 hours' },
  '24h': { ms: 24 * HOUR_MS, words: 'last day' },
  '7d': { ms: 7 * 24 * HOUR_MS, words: 'last 7 days' },
  '30d': { ms: 30 * 24 * HOUR_MS, words: 'last 30 days' },
} as const

/** The most severe first. */
export const SEVERITIES = ['high', 'medium', 'low'] as const

export const isVerdict = (text: string | null): text is Verdict => VERDICTS.some((verdict) => verdict === text)

/** The width of a row has no room for more. */
export const MAX_COLUMNS = 4

export const ALL: Span = { from: null, to: null }

/** Reads filters from a URL's search; values that are not valid are ignored. */
export function parseFilters(search: string): Filters {
  const params = new URLSearchParams(search)
  const text = (name: string) => params.get(name) ?? ''
  const verdict = text('verdict')
  return {
    pipeline: text('pipeline'),
    span: parseSpan(params),
    key: text('key'),
    field: text('field'),
    severity: SEVERITIES.find((severity) => severity === text('severity')) ?? '',
    verdict: verdict === 'none' || isVerdict(verdict) ? verdict : '',
    model: text('model'),
    rarerThan: parseRarity(text('rarerThan')),
    text: text('text'),
    sort: text('sort') === 'bits' ? 'bits' : 'time',
    columns: [...new Set(params.getAll('column'))].filter((name) => name !== '').slice(0, MAX_COLUMNS),
    compare: text('compare') === 'true',
  }
}

export const NO_FILTERS = parseFilters('')

/** Reads the N of 1 in N, such as `10,000`; null when it is not valid. */
export function parseRarity(text: string): number | null {
  const oneIn = Number(text.replaceAll(',', ''))
  return Number.isFinite(oneIn) && oneIn >= 1 ? oneIn : null
}

/** Writes filters as a URL's search with its question mark, '' for the defaults; the inverse of parseFilters. */
export function formatFilters({ pipeline, span, sort, columns, compare, ...rest }: Filters): string {
  return queryString({
    ...{ pipeline, ...spanParams(span), ...rest },
    sort: sort === 'time' ? null : sort,
    column: columns,
    compare: compare ? 'true' : null,
  })
}

/** Identifies the anomalies, order and columns of a list; the comparison changes only the overview. */
export const listKey = (filters: Filters): string => formatFilters({ ...filters, compare: false })

/** Returns the filters as the API takes them. @param nowMs end of a span up to now */
export function queryOf(filters: Filters, nowMs: number): Query {
  const { span, model, rarerThan, sort: _, columns: __, compare: ___, ...named } = filters
  return {
    ...named,
    ...spanQuery(span, nowMs),
    modelId: model,
    minBits: rarerThan === null ? null : Math.log2(rarerThan),
  }
}

/** Returns the ends of a span as API parameters. */
export function spanQuery(span: Span, nowMs: number): { readonly from: string | null; readonly to: string | null } {
  return 'last' in span ? { from: new Date(nowMs - SPANS[span.last].ms).toISOString(), to: null } : span
}

/** The API accepts no later time. */
const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z')

/** The span between two instants, epoch ms. */
export const spanBetween = (fromMs: number, toMs: number) => ({
  from: new Date(fromMs).toISOString(),
  to: new Date(Math.min(toMs, LATEST_MS)).toISOString(),
})

/** Whether a span excludes anything. */
export const isBounded = (span: Span): boolean => 'last' in span || span.from !== null || span.to !== null

/** Counts the filters that narrow the list, without the pipeline. */
export function countFilters({ pipeline: _, span, sort: __, columns: ___, compare: ____, ...rest }: Filters): number {
  return Object.values(rest).filter((value) => value !== '' && value !== null).length + (isBounded(span) ? 1 : 0)
}

/** Reads `range=24h`, or `from` and `to`; an end that is not a valid instant is open. */
export function parseSpan(params: URLSearchParams): Span {
  const last = params.get('range') ?? ''
  if (Object.hasOwn(SPANS, last)) return { last: last as keyof typeof SPANS }
  return { from: instant(params.get('from')), to: instant(params.get('to')) }
}

/** Returns a span as parameters of the page's URL; the inverse of parseSpan. */
export const spanParams = (span: Span): Query => ('last' in span ? { range: span.last } : span)

export function instant(text: string | null): string | null {
  const ms = Date.parse(text ?? '')
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}
