import { afterEach, expect, it, vi } from 'vitest'
import { read } from '../api/client.js'
import type { AnomalyRow } from '../api/types.js'
import { AnomalyList, openList } from './anomaly-list.js'
import { NO_FILTERS } from './filters.js'

afterEach(() => {
  // In this order: a spy on a stub restores the stub.
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

/** Answers each request with the next of these; the last one also answers those after it. */
function answerWith(...answers: readonly object[]): void {
  const left = [...answers]
  vi.stubGlobal('fetch', async () => Response.json(left.length > 1 ? left.shift() : left[0]))
}

/** A list that has read its first page. */
async function aReadList(filters = NO_FILTERS): Promise<AnomalyList> {
  const list = new AnomalyList(filters)
  await list.readNextPage()
  return list
}

it('shows a verdict on a range on the anomalies of that range only', () => {
  const list = new AnomalyList(NO_FILTERS)
  const at = (time: string) => ({ recordTime: `2026-01-31T${time}:00.000Z`, verdict: null }) as unknown as AnomalyRow
  list.items.value = ['10:00', '09:30', '09:00', '08:59'].map(at)

  list.applyVerdictToAll('expected', { from: '2026-01-31T09:00:00.000Z', to: '2026-01-31T10:00:00.000Z' })

  expect(list.items.value.map(({ verdict }) => verdict)).toEqual([null, 'expected', 'expected', null])
})

it('shows a verdict on all also on the new anomalies that are not shown yet (they were shown without it)', async () => {
  const page = (...ids: string[]) => ({
    items: ids.map((id) => ({ id, recordTime: '2026-01-31T09:00:00.000Z', verdict: null })),
    next: null,
  })
  answerWith(page('a'), page('b', 'a'))
  const list = await aReadList()
  list.scrollTop = 34
  await list.readNew()

  list.applyVerdictToAll('expected', { from: '2026-01-31T09:00:00.000Z', to: '2026-01-31T10:00:00.000Z' })
  await list.showWaiting()

  expect(list.items.value.map(({ verdict }) => verdict)).toEqual(['expected', 'expected'])
})

it('keeps the verdict of a row that no longer matches the filters when the others get one', () => {
  const list = new AnomalyList({ ...NO_FILTERS, verdict: 'none' })
  const rows = [{ id: 'a' }, { id: 'b' }].map((row) => ({
    ...row,
    recordTime: '2026-01-31T09:00:00.000Z',
    verdict: null,
  }))
  list.items.value = rows as unknown as AnomalyRow[]
  list.applyVerdict('a', 'confirmed')

  list.applyVerdictToAll('expected', { from: '2026-01-31T09:00:00.000Z', to: '2026-01-31T10:00:00.000Z' })

  expect(list.items.value.map(({ verdict }) => verdict)).toEqual(['confirmed', 'expected'])
})

it('keeps a verdict that is given while new anomalies are read (the answer erased it)', async () => {
  answerWith({ items: [{ id: 'a', recordTime: '2026-01-31T09:00Z', verdict: null }], next: null })
  const list = await aReadList({ ...NO_FILTERS, verdict: 'none' })

  const poll = list.readNew()
  list.applyVerdict('a', 'confirmed')
  await poll

  expect(list.items.value).toMatchObject([{ id: 'a', verdict: 'confirmed' }])
})

it('shows a new anomaly of an older record in the order of time', async () => {
  const page = (...times: string[]) => ({
    items: times.map((time) => ({ id: time, recordTime: `2026-01-31T${time}:00.000Z` })),
    next: null,
  })
  answerWith(page('10:00', '09:00'), page('10:00', '09:30', '09:00'))
  const list = await aReadList()

  await list.readNew()

  expect(list.items.value.map(({ id }) => id)).toEqual(['10:00', '09:30', '09:00'])
})

it('keeps the rows and the place in a burst of more new anomalies than a page has', async () => {
  const page = (...ids: string[]) => ({ items: ids.map((id) => ({ id, recordTime: id })), next: ids.at(-1)! })
  const pages = new Map([
    ['', [page('3', '2'), page('8', '7')]],
    ['7', [page('6', '5')]],
    ['5', [page('4', '3')]],
  ])
  vi.stubGlobal('fetch', async (url: string) => {
    const cursor = new URL(url, 'http://console').searchParams.get('cursor') ?? ''
    return Response.json(pages.get(cursor)!.shift()!)
  })
  const list = await aReadList()
  list.scrollTop = 34

  await list.readNew()

  expect(list.items.value.map(({ id }) => id)).toEqual(['3', '2'])
  expect(list.waiting.value.map(({ id }) => id)).toEqual(['8', '7', '6', '5', '4'])
})

it('reads a burst that begins in an empty list beyond a page (the rest of it was never shown)', async () => {
  const empty = { items: [], next: null }
  answerWith(empty, { items: [{ id: '2' }], next: '2' }, { items: [{ id: '1' }], next: null }, empty)
  const list = await aReadList()

  await list.readNew()

  expect(list.items.value.map(({ id }) => id)).toEqual(['2', '1'])
})

it('continues the restarted list when a burst restarts it while the next page is read (rows between both were never shown)', async () => {
  const page = (...ids: string[]) => ({ items: ids.map((id) => ({ id })), next: ids.at(-1)! })
  let answerOlder!: (older: object) => void
  const older = new Promise<object>((resolve) => {
    answerOlder = resolve
  })
  const firstPages = [page('old 2'), page('new 9')]
  let polls = 0
  vi.stubGlobal('fetch', async (url: string) => {
    const params = new URL(url, 'http://console').searchParams
    if (params.has('detectedWithinMs')) return Response.json(page(`burst ${polls++}`))
    if (params.get('cursor') === 'old 2') return Response.json(await older)
    return Response.json(params.get('cursor') === 'new 9' ? page('new 8', 'old 2') : firstPages.shift()!)
  })
  const list = await aReadList()

  const nextPage = list.readNextPage()
  await list.readNew()
  answerOlder(page('old 1'))
  await nextPage

  expect(list.items.value.map(({ id }) => id)).toEqual(['new 9', 'new 8', 'old 2'])
})

/** An API with these rows, the latest first, in pages of 100. */
function serve(rows: readonly object[]): void {
  vi.stubGlobal('fetch', async (url: string) => {
    const start = Number(new URL(url, 'http://console').searchParams.get('cursor'))
    const end = start + 100
    return Response.json({ items: rows.slice(start, end), next: end < rows.length ? String(end) : null })
  })
}

const rows = (from: number, count: number) =>
  Array.from({ length: count }, (_, at) => ({
    id: `${from - at}`,
    recordTime: `2026-01-31T09:${from - at}Z`,
    verdict: null,
  }))

/** A list with the rows 1099 to 1000, in which the user has scrolled. */
async function aScrolledList(): Promise<AnomalyList> {
  serve(rows(1_099, 100))
  const list = await aReadList()
  list.scrollTop = 34
  return list
}

it('keeps the rows of a user who has scrolled in a burst of over 1,000, until the new ones are shown (it dropped them)', async () => {
  const list = await aScrolledList()
  serve(rows(9_999, 9_000))

  await list.readNew()

  expect([list.items.value.length, list.items.value[0]!.id, list.waiting.value.length]).toEqual([100, '1099', 1_000])
  await list.showWaiting()
  await list.readNextPage()
  expect(list.items.value.map(({ id }) => id)).toEqual(rows(9_999, 200).map(({ id }) => id))
  expect(list.waiting.value).toEqual([])
})

it('collects no rows that are read again when shown, and marks their number as a minimum (it kept 500 a second)', async () => {
  const list = await aScrolledList()

  for (const latest of [5_000, 9_000]) {
    serve(rows(latest, latest - 999))
    await list.readNew()
  }

  expect([list.waiting.value.length, list.waiting.value[0]!.id, list.hasGap.value]).toEqual([1_000, '5000', true])
})

it('reads the list once for one click on the new ones, and keeps a verdict given meanwhile (the later answer replaced both)', async () => {
  const list = await aScrolledList()
  serve(rows(9_999, 9_000))
  await list.readNew()
  serve(rows(1_100, 2))
  const requests = vi.spyOn(globalThis, 'fetch')

  const shown = Promise.all([list.showWaiting(), list.showWaiting()])
  list.applyVerdict('1099', 'confirmed')
  await shown

  expect(requests).toHaveBeenCalledTimes(1)
  expect(list.items.value.map(({ id, verdict }) => [id, verdict])).toEqual([
    ['1100', null],
    ['1099', 'confirmed'],
  ])
})

it('shows the reasons of all anomalies of a burst once they are stored (only those of the newest 100)', async () => {
  const burst = (topReason: string | null) =>
    Array.from({ length: 300 }, (_, at) => ({
      id: `${at}`,
      recordTime: `2026-01-31T09:${999 - at}Z`,
      detectedAt: new Date().toISOString(),
      topReason,
    }))
  serve([])
  const list = await aReadList()
  serve(burst(null))
  await list.readNew()

  serve(burst('delay'))
  await list.readNew()

  expect(new Set(list.items.value.map(({ topReason }) => topReason))).toEqual(new Set(['delay']))
})

it('shows a new anomaly of an old record where over 100 are new (it was on no page that was read)', async () => {
  const rows = Array.from({ length: 150 }, (_, at) => ({ id: `${at}`, recordTime: `2026-01-31T09:${999 - at}Z` }))
  serve(rows)
  const list = await aReadList()
  await list.readNextPage()
  serve([...rows, { id: 'late', recordTime: '2026-01-30T00:00Z' }])

  for (let poll = 0; poll < 10; poll += 1) await list.readNew()

  expect(list.items.value.map(({ id }) => id)).toContain('late')
})

it('reads a burst from a database that takes a second per page (the pages together took too long, and the list stood still)', async () => {
  let nowMs = 0
  vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
    const endMs = nowMs + ms
    return { isOver: () => nowMs > endMs } as unknown as AbortSignal
  })
  let requests = 0
  vi.stubGlobal('fetch', async (_: string, { signal }: { signal: { isOver(): boolean } | null }) => {
    nowMs += 1_500
    if (signal?.isOver()) throw new DOMException('took too long', 'TimeoutError')
    requests += 1
    return Response.json({ items: [{ id: `${requests}`, topReason: 'odd' }], next: `${requests}` })
  })
  const list = await aReadList()
  list.scrollTop = 34

  await list.readNew()

  expect(list.waiting.value).toHaveLength(10)
})

it('does not take a poll for successful while the request before has no answer', async () => {
  const timeout = new AbortController()
  vi.spyOn(AbortSignal, 'timeout').mockReturnValue(timeout.signal)
  answerWith({ items: [], next: null })
  const list = await aReadList()
  const hang = (_: string, { signal }: RequestInit) =>
    new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)))
  vi.stubGlobal('fetch', hang)

  const polls = Promise.allSettled([list.readNew(), list.readNew()])
  timeout.abort()

  expect((await polls).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
})

it('reads the first page again after it could not be read, and keeps the error until then (it waited for “Try again”)', async () => {
  const answers = [{ status: 503 }, { status: 503 }, { status: 200 }]
  vi.stubGlobal('fetch', async () =>
    Response.json({ title: 'Too slow', items: [{ id: 'a' }], next: null }, answers.shift()),
  )
  const list = await aReadList()

  const poll = list.readNew()
  expect(list.error.value).toMatchObject({ title: 'Too slow' })
  await poll
  expect(list.error.value).toMatchObject({ title: 'Too slow' })
  await list.readNew()

  expect(list.error.value).toBeNull()
  expect(list.items.value).toMatchObject([{ id: 'a' }])
})

it('shows the last hour of the server where the clock of the browser is wrong (the list was empty)', async () => {
  const serverMs = Date.UTC(2026, 0, 31, 12)
  vi.useFakeTimers({ now: serverMs + 86_400_000 })
  let asked = ''
  let date = serverMs
  vi.stubGlobal('fetch', async (url: string) => {
    asked = url
    return Response.json({ items: [], next: null }, { headers: { date: new Date(date).toUTCString() } })
  })
  try {
    await read('/session')
    await new AnomalyList({ ...NO_FILTERS, span: { last: '1h' } }).readNextPage()

    expect(new URL(asked, 'http://console').searchParams.get('from')).toBe('2026-01-31T11:00:00.000Z')
  } finally {
    date = Date.now()
    await read('/session')
    vi.useRealTimers()
  }
})

it('reads new anomalies after the clock of the browser was corrected (the API refused a negative age)', async () => {
  const serverMs = Date.UTC(2026, 0, 31, 12)
  vi.useFakeTimers({ now: serverMs - 3_600_000 })
  let asked = ''
  vi.stubGlobal('fetch', async (url: string) => {
    asked = url
    return Response.json({ items: [], next: null }, { headers: { date: new Date(serverMs).toUTCString() } })
  })
  try {
    await read('/session')
    const list = new AnomalyList(NO_FILTERS)
    await list.readNextPage()
    vi.setSystemTime(serverMs)
    await list.readNew()
    await list.readNew()

    expect(new URL(asked, 'http://console').searchParams.get('detectedWithinMs')).toBe('600000')
  } finally {
    vi.useRealTimers()
  }
})

it('is the same list with and without the comparison, and has the latest filters for the way back (the comparison was off)', () => {
  const list = openList(NO_FILTERS)
  expect(openList({ ...NO_FILTERS, compare: true })).toBe(list)
  expect(list.filters.compare).toBe(true)
})
