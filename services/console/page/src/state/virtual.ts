import {
  defaultRangeExtractor,
  elementScroll,
  observeElementOffset,
  observeElementRect,
  type Range,
  Virtualizer,
} from '@tanstack/virtual-core'
import type { RefObject } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

interface VirtualOptions {
  readonly count: number
  /** Pixels; all rows have the same height. */
  readonly rowHeight: number
  /** The scrolling element. */
  readonly box: RefObject<HTMLElement | null>
  /** The element with the rows, inside the box. */
  readonly list: RefObject<HTMLElement | null>
  /** Pixels at the top of the box that a sticky heading covers. */
  readonly covered: number
  /** Rendered at any scroll position, so that it keeps its focus; −1: none. */
  readonly keepIndex: number
  readonly initialOffset: number
}

/** Renders the rows that are in view, and a few around them. */
export function useVirtualRows({ count, rowHeight, box, list, covered, keepIndex, initialOffset }: VirtualOptions) {
  const [, setRound] = useState(0)
  const kept = useRef(keepIndex)
  kept.current = keepIndex
  const margin = useOffsetTop(box, list)
  const options = {
    count,
    scrollMargin: margin,
    scrollPaddingStart: covered,
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
  useEffect(() => virtualizer.measure(), [rowHeight, margin])
  return {
    /** `start` is relative to the top of the list. */
    rows: virtualizer.getVirtualItems().map(({ index, start }) => ({ index, start: start - margin })),
    totalSize: virtualizer.getTotalSize(),
    scrollTo: (index: number) => virtualizer.scrollToIndex(index, { align: 'auto' }),
  }
}

/** Pixels from the top of the scrolling element to the list: elements above it may change their height. */
function useOffsetTop(box: RefObject<HTMLElement | null>, list: RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0)
  useLayoutEffect(() => {
    const observer = new ResizeObserver(() => setTop(list.current?.offsetTop ?? 0))
    for (const child of box.current!.children) if (!child.contains(list.current)) observer.observe(child)
    return () => observer.disconnect()
  }, [box, list])
  return top
}

function withKept(range: Range, kept: number): number[] {
  const indexes = defaultRangeExtractor(range)
  if (kept < 0 || kept >= range.count || indexes.includes(kept)) return indexes
  return kept < range.startIndex ? [kept, ...indexes] : [...indexes, kept]
}
