import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'

interface VirtualRowsOptions {
  readonly count: number
  /** Pixels; all rows have the same height. */
  readonly rowHeight: number
  /** The scrolling element. */
  readonly box: RefObject<HTMLElement | null>
  /** The element with the rows, a child of the box. */
  readonly list: RefObject<HTMLElement | null>
  /** Rendered at any scroll position, so that it keeps its focus; −1: none. */
  readonly keepIndex: number
}

/** Rows that are rendered above and below those in view. */
const OVERSCAN = 12

/** Returns the indexes of the rows that are in view, of a few around them, and of the kept one. */
export function useVirtualRows({ count, rowHeight, box, list, keepIndex }: VirtualRowsOptions): readonly number[] {
  const [first, setFirst] = useState(0)
  const [end, setEnd] = useState(0)
  useLayoutEffect(() => {
    const scrolled = box.current!
    const measure = () => {
      const top = scrolled.scrollTop - list.current!.offsetTop
      setFirst(Math.floor(top / rowHeight) - OVERSCAN)
      setEnd(Math.ceil((top + scrolled.clientHeight) / rowHeight) + OVERSCAN)
    }
    // Elements above the list may change their height.
    const resized = new ResizeObserver(measure)
    for (const element of [scrolled, ...scrolled.children]) resized.observe(element)
    scrolled.addEventListener('scroll', measure)
    measure()
    return () => {
      resized.disconnect()
      scrolled.removeEventListener('scroll', measure)
    }
  }, [box, list, rowHeight])
  const from = Math.max(0, first)
  const shown = Array.from({ length: Math.max(0, Math.min(count, end) - from) }, (_, place) => from + place)
  if (keepIndex < 0 || shown.includes(keepIndex)) return shown
  return keepIndex < from ? [keepIndex, ...shown] : [...shown, keepIndex]
}
