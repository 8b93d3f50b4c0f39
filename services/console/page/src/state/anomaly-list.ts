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
  private isLooking = false
  private mustLookAgain = false

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

  /** Looks whether something new is there. @param isAtTop  whether to show it, or to let it wait; asked once it is there */
  async lookForNew(isAtTop: () => boolean): Promise<void> {
    if (this.filters.sort !== 'time') return
    // What came since the running look began, that one may have missed.
    this.mustLookAgain = true
    if (this.isLooking) return
    this.isLooking = true
    try {
      while (this.mustLookAgain) {
        this.mustLookAgain = false
        this.takeUp(await this.ask(null))
        if (isAtTop()) this.showWaiting()
      }
    } catch (error: unknown) {
      this.error.value = asApiError(error)
    } finally {
      this.isLooking = false
    }
  }

  /** Does again what failed. */
  async retry(isAtTop: () => boolean): Promise<void> {
    this.error.value = null
    if (this.items.value.length > 0) await this.lookForNew(isAtTop)
    if (this.error.value === null) await this.readOn()
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

  /** Takes up a verdict that was given on all of them with a record time before `to`. */
  noteVerdictOfAll(verdict: Verdict, to: string): void {
    this.items.value = this.items.value.map((item) => (item.recordTime < to ? { ...item, verdict } : item))
  }

  private takeUp({ items, next }: AnomalyPage): void {
    const fresh = mergeFresh(items, [...this.waiting.value, ...this.items.value])
    if (fresh !== null) {
      // Reasons are stored a moment after the anomaly.
      const renewed = new Map(items.map((item) => [item.id, item]))
      this.items.value = this.items.value.map((item) => renewed.get(item.id) ?? item)
      this.waiting.value = [...fresh, ...this.waiting.value.map((item) => renewed.get(item.id) ?? item)]
      return
    }
    // More came than a page holds: the gap is unknown, so the list starts again.
    this.items.value = items
    this.waiting.value = []
    this.cursor = next
    this.isComplete.value = next === null
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

/** Returns the list that was looked at last, with its place, when it has these filters; else a new one. */
export function openList(filters: Filters): AnomalyList {
  if (latest === null || formatFilters(latest.filters) !== formatFilters(filters)) latest = new AnomalyList(filters)
  return latest
}

/** The list that was looked at last; null before the first. */
export const latestList = (): AnomalyList | null => latest
