import { signal } from '@preact/signals'

interface Notice {
  readonly id: number
  readonly kind: 'done' | 'failed'
  readonly text: string
}

/** A failure remains until it is dismissed; a success disappears after some seconds. */
const DONE_STAYS_MS = 5_000

let count = 0
export const notices = signal<readonly Notice[]>([])

/** Shows a notice at the bottom of the page, and announces it to screen readers. */
export function notify(kind: Notice['kind'], text: string): void {
  count += 1
  const id = count
  notices.value = [...notices.value.slice(-2), { id, kind, text }]
  if (kind === 'done') setTimeout(() => dismiss(id), DONE_STAYS_MS)
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id)
}
