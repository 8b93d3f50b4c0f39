import { signal } from '@preact/signals'
import { type ApiError, read } from '../api/client.js'
import type { Anomaly, AnomalyPage, Verdict } from '../api/types.js'
import { type Filters, formatFilters, queryOf } from './filters.js'
import { mergeFresh } from './merge-fresh.js'
import { asApiError } from './resource.js'

/** As many as a screen holds twice; the next ones are read before the end is reached. */
const PAGE_SIZE = 100

/** Anomalies as far as they have been read, page by page, and the new ones that came meanwhile. */
export class AnomalyList {
  readonly id = crypto.randomUUID()
  readonly items = signal<readonly Anomaly[]>([])
  /** New ones that are not shown yet, so that nothing jumps under the reader's eyes. */
  readonly waiting = signal<readonly Anomaly[]>([])
  readonly isLoading = signal(false)
  readonly isComplete = signal(false)
  readonly error = signal<ApiError | null>(null)
  readonly selected = signal<string | null>(null)
  /** Where the reader had scrolled to, pixels. */
  scrollTop = 0

  private cursor: string | null = null
  private isRefreshing = false

  constructor(
    readonly filters: Filters,
    /** What the filters' span is counted from: pages that follow each other must ask for the same. */
    private readonly openedAtMs = Date.now(),
  ) {}

  /** Reads the next page, unless it is on its way already or there is none. */
  async readOn(): Promise<void> {
    if (this.isLoading.value || this.isComplete.value) return
    this.isLoading.value = true
    this.error.value = null
    try {
      const page = await this.ask(this.cursor)
      const known = new Set(this.items.value.map(({ id }) => id))
      this.items.value = [...this.items.value, ...page.items.filter(({ id }) => !known.has(id))]
      this.cursor = page.next
      this.isComplete.value = page.next === null
    } catch (error: unknown) {
      this.error.value = asApiError(error)
    } finally {
      this.isLoading.value = false
    }
  }

  /** Looks whether something new is there. @param showNow  whether to show it, or to let it wait */
  async lookForNew(showNow: boolean): Promise<void> {
    if (this.isRefreshing || this.filters.sort !== 'time') return
    this.isRefreshing = true
    try {
      const page = await this.ask(null)
      const merged = mergeFresh(page.items, [...this.waiting.value, ...this.items.value])
      if (merged === null) {
        // More came than a page holds: what lies between is not known, so the list begins anew.
        this.items.value = page.items
        this.waiting.value = []
        this.cursor = page.next
        this.isComplete.value = page.next === null
        return
      }
      this.waiting.value = [...merged, ...this.waiting.value]
      if (showNow) this.showWaiting()
    } catch {
      // The stream's own state says that the connection is lost, and a return looks again.
    } finally {
      this.isRefreshing = false
    }
  }

  showWaiting(): void {
    if (this.waiting.value.length === 0) return
    this.items.value = [...this.waiting.value, ...this.items.value]
    this.waiting.value = []
  }

  /** Takes up a verdict that was just given. */
  noteVerdict(id: string, verdict: Verdict): void {
    this.items.value = this.items.value.map((item) => (item.id === id ? { ...item, verdict } : item))
  }

  private ask(cursor: string | null): Promise<AnomalyPage> {
    return read<AnomalyPage>('/anomalies', {
      ...queryOf(this.filters, this.openedAtMs),
      limit: PAGE_SIZE,
      cursor,
    })
  }
}

let latest: AnomalyList | null = null

/** Gives the list that was looked at last, with its place, when it has these filters; else a new one. */
export function openList(filters: Filters): AnomalyList {
  if (latest === null || formatFilters(latest.filters) !== formatFilters(filters)) latest = new AnomalyList(filters)
  return latest
}

/** The list that was looked at last; null before the first. */
export const latestList = (): AnomalyList | null => latest
