import {
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type Range,
  Virtualizer,
} from '@tanstack/virtual-core'
import type { RefObject } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'

interface VirtualRows {
  readonly rows: readonly { readonly index: number; readonly start: number; readonly size: number }[]
  readonly totalSize: number
  readonly scrollTo: (index: number) => void
}

interface VirtualOptions {
  readonly count: number
  /** Pixels; all rows are of one height. */
  readonly rowHeight: number
  /** What scrolls. */
  readonly box: RefObject<HTMLElement | null>
  /** Rendered wherever the reader scrolls, so that it does not lose its focus; −1: none. */
  readonly keepIndex: number
  readonly initialOffset: number
}

/** Renders of many rows the ones that are in view, and a few around them. */
export function useVirtualRows({ count, rowHeight, box, keepIndex, initialOffset }: VirtualOptions): VirtualRows {
  const [, setRound] = useState(0)
  const kept = useRef(keepIndex)
  kept.current = keepIndex
  const options = {
    count,
    estimateSize: () => rowHeight,
    getScrollElement: () => box.current,
    observeElementRect,
    observeElementOffset,
    scrollToFn: elementScroll,
    overscan: 12,
    initialOffset,
    rangeExtractor: (range: Range) => withKept(range, kept.current),
    onChange: () => setRound((before) => before + 1),
  }
  const [virtualizer] = useState(() => new Virtualizer<HTMLElement, Element>(options))
  virtualizer.setOptions(options)
  useEffect(() => virtualizer._didMount(), [virtualizer])
  useEffect(() => virtualizer._willUpdate())
  useEffect(() => virtualizer.measure(), [rowHeight])
  return {
    rows: virtualizer.getVirtualItems(),
    totalSize: virtualizer.getTotalSize(),
    scrollTo: (index) => virtualizer.scrollToIndex(index, { align: 'auto' }),
  }
}

function withKept({ startIndex, endIndex, overscan, count }: Range, kept: number): number[] {
  const from = Math.max(startIndex - overscan, 0)
  const to = Math.min(endIndex + overscan, count - 1)
  const indexes = Array.from({ length: to - from + 1 }, (_, i) => from + i)
  if (kept < 0 || kept >= count || (kept >= from && kept <= to)) return indexes
  return kept < from ? [kept, ...indexes] : [...indexes, kept]
}
