import type { Verdict } from '@outflow/contracts/verdict'
import { signal } from '@preact/signals'
import { type ApiError, type Query, read, serverNow } from '../api/client.js'
import type { AnomalyPage, AnomalyRow, Overview } from '../api/types.js'
import { type Filters, listKey, queryOf } from './filters.js'
import { asApiError } from './resource.js'

/** About two screens of rows; the next page is read before the end is reached. */
const PAGE_SIZE = 100
/** An anomaly is visible only after its commit, and in a burst gets its reasons minutes later. */
const LOOK_BACK_MS = 10 * 60_000
/** Pages of new anomalies read per poll: 500 a second, so that a burst does not restart the list. */
const MAX_NEW_PAGES = 10
/** Of one page: twice the longest statement of the console. */
const READ_NEW_TIMEOUT_MS = 10_000
/** Every tenth poll reads all pages: where over a page is new, one of an older record is not on the first. */
const POLLS_PER_FULL_READ = 10

/** The anomalies that have been read, page by page, and new ones that were found since. */
export class AnomalyList {
  readonly items = signal<readonly AnomalyRow[]>([])
  /** New anomalies that are not shown yet, so that visible rows do not move. */
  readonly waiting = signal<readonly AnomalyRow[]>([])
  /** Whether more new anomalies were found than read, so that some between `waiting` and `items` are unknown. */
  readonly hasGap = signal(false)
  readonly isLoading = signal(false)
  readonly isComplete = signal(false)
  readonly error = signal<ApiError | null>(null)
  readonly selected = signal<string | null>(null)
  /** Scroll position, pixels. */
  scrollTop = 0

  private cursor: string | null = null
  private polls = 0
  private readingNew: Promise<void> | null = null
  private restarting: Promise<void> | null = null
  /** Reference time of the filters' span: all pages must use the same. */
  private readonly openedAtMs = serverNow()
  /** Start of the last request that read all new anomalies. */
  private readAtMs = this.openedAtMs

  constructor(public filters: Filters) {}

  /** Reads the next page, unless a request is running or there is none. */
  async readNextPage(): Promise<void> {
    if (this.isLoading.value || this.isComplete.value) return
    this.isLoading.value = true
    try {
      let cursor: string | null
      let page: AnomalyPage
      do {
        cursor = this.cursor
        page = await this.requestPage(cursor)
        // After a restart of the list meanwhile, the page does not continue its rows.
      } while (cursor !== this.cursor)
      this.error.value = null
      this.items.value = [...this.items.value, ...this.newOf(page.items)]
      this.cursor = page.next
      this.isComplete.value = page.next === null
    } catch (error: unknown) {
      this.error.value = asApiError(error)
    } finally {
      this.isLoading.value = false
    }
  }

  /** Whether new anomalies are shown at once: the list is at its top, with nothing selected. */
  get isFollowed(): boolean {
    return this.scrollTop === 0 && this.selected.value === null
  }

  /**
   * Reads new anomalies, and the reasons of those that had none; the first page if it could not be read. While a request is running,
   * returns its outcome.
   *
   * @throws {ApiError | DOMException} the latter if the answer takes too long
   */
  readNew(): Promise<void> {
    this.readingNew ??= this.requestNew().finally(() => {
      this.readingNew = null
    })
    return this.readingNew
  }

  private async requestNew(): Promise<void> {
    const isBegun = this.cursor !== null || this.isComplete.value
    if (!isBegun) return this.readNextPage()
    const startedAtMs = serverNow()
    const before = new Set(this.known())
    const only = {
      // The last start is in the future if the browser's clock was corrected just before it.
      detectedWithinMs: Math.max(0, startedAtMs - this.readAtMs) + LOOK_BACK_MS,
      // Older ones are read while scrolling down.
      ...(!this.isComplete.value && { from: this.items.value.at(-1)!.recordTime }),
    }
    const readPage = (cursor: string | null) => this.requestPage(cursor, only, AbortSignal.timeout(READ_NEW_TIMEOUT_MS))
    this.polls += 1
    const readsAll = this.polls % POLLS_PER_FULL_READ === 0 || this.awaitsReasons(startedAtMs - LOOK_BACK_MS)
    let page = await readPage(null)
    for (let pages = 1; pages < MAX_NEW_PAGES && page.next !== null; pages += 1) {
      if (!readsAll && !this.mayMissNew(page)) break
      const { items, next } = await readPage(page.next)
      page = { items: [...page.items, ...items], next }
    }
    this.hasGap.value ||= this.mayMissNew(page)
    const { isFollowed } = this
    // Else the list is read again.
    if (!isFollowed || !this.hasGap.value) this.merge(page.items, before)
    this.readAtMs = startedAtMs
    if (isFollowed) await this.showWaiting()
  }

  /** @throws {ApiError} when the list must be read again because of a gap, and cannot be */
  async showWaiting(): Promise<void> {
    if (this.hasGap.value) {
      this.restarting ??= this.restart().finally(() => {
        this.restarting = null
      })
      return this.restarting
    }
    if (this.waiting.value.length === 0) return
    // Partitions may be read at different times, and a rescore finds past ones: a new anomaly is not always the latest.
    this.items.value = [...this.waiting.value, ...this.items.value].toSorted(byTimeDescending)
    this.waiting.value = []
  }

  applyVerdict(id: string, verdict: Verdict): void {
    this.items.value = this.items.value.map((item) => (item.id === id ? { ...item, verdict } : item))
  }

  /** Applies a verdict that was stored on all anomalies of the filters in a range of record time, `to` not included. */
  applyVerdictToAll(verdict: Verdict, { from, to }: Pick<Overview, 'from' | 'to'>): void {
    // A row remains after a verdict with which it no longer matches the filters.
    const matches = (item: AnomalyRow) => ['', item.verdict ?? 'none'].includes(this.filters.verdict)
    const apply = (item: AnomalyRow) =>
      from <= item.recordTime && item.recordTime < to && matches(item) ? { ...item, verdict } : item
    this.items.value = this.items.value.map(apply)
    this.waiting.value = this.waiting.value.map(apply)
  }

  private known(): readonly AnomalyRow[] {
    return [...this.waiting.value, ...this.items.value]
  }

  /** Those that are not in the list yet. */
  private newOf(items: readonly AnomalyRow[]): readonly AnomalyRow[] {
    const known = new Set(this.known().map(({ id }) => id))
    return items.filter(({ id }) => !known.has(id))
  }

  /** Whether the newest anomalies do not reach those of the list, so that there may be others between them. */
  private mayMissNew({ items, next }: AnomalyPage): boolean {
    return next !== null && this.newOf(items).length === items.length
  }

  /** Whether an anomaly that was detected since then has no reasons yet. */
  private awaitsReasons(sinceMs: number): boolean {
    return this.known().some(({ topReason, detectedAt }) => topReason === null && Date.parse(detectedAt) >= sinceMs)
  }

  /** @param before  the rows as they were when the request began: it may have read them before a verdict was stored since */
  private merge(newest: readonly AnomalyRow[], before: ReadonlySet<AnomalyRow>): void {
    // Across a gap the list is read again: more of the rows that it replaces would only use memory.
    const added = this.hasGap.value && this.waiting.value.length > 0 ? [] : this.newOf(newest)
    // Reasons are stored shortly after the anomaly.
    const renewed = new Map(newest.map((item) => [item.id, item]))
    const renew = (item: AnomalyRow): AnomalyRow => {
      const now = renewed.get(item.id) ?? item
      return before.has(item) ? now : { ...now, verdict: item.verdict }
    }
    this.items.value = this.items.value.map(renew)
    this.waiting.value = [...added, ...this.waiting.value.map(renew)]
  }

  private async restart(): Promise<void> {
    const before = new Set(this.known())
    const { items, next } = await this.requestPage(null)
    const since = new Map(this.known().flatMap((item) => (before.has(item) ? [] : [[item.id, item.verdict]])))
    this.items.value = items.map((item) => ({ ...item, verdict: since.get(item.id) ?? item.verdict }))
    this.waiting.value = []
    this.hasGap.value = false
    this.cursor = next
    this.isComplete.value = next === null
  }

  private requestPage(cursor: string | null, only: Query = {}, signal?: AbortSignal): Promise<AnomalyPage> {
    const query = {
      ...queryOf(this.filters, this.openedAtMs),
      sort: this.filters.sort,
      column: this.filters.columns,
      limit: PAGE_SIZE,
      cursor,
      ...only,
    }
    return read<AnomalyPage>('/anomalies', query, signal)
  }
}

const byTimeDescending = (a: AnomalyRow, b: AnomalyRow): number =>
  Number(a.recordTime < b.recordTime) - Number(a.recordTime > b.recordTime)

let latest: AnomalyList | null = null

/** Returns the list that was shown last, with its scroll position, when it has these filters; else a new one. */
export function openList(filters: Filters): AnomalyList {
  if (latest === null || listKey(latest.filters) !== listKey(filters)) latest = new AnomalyList(filters)
  // Those that do not select rows, for the way back to the list.
  latest.filters = filters
  return latest
}

/** The list that was shown last; null before the first. */
export const latestList = (): AnomalyList | null => latest
