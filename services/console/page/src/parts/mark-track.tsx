import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Mark } from '../api/types.js'
import { spanBetween } from '../state/filters.js'
import { withPipeline } from '../state/session.js'
import { groupMarks, markInWords } from '../words/mark.js'

const SIGNS: Readonly<Record<Mark['kind'], string>> = { model: 'M', drift: 'D', health: 'H', suppression: 'S' }
/** Pixels between the centres of two marks: WCAG 2.5.8 requires 24. */
const MARK_SPACE = 25

interface MarkTrackProps {
  readonly marks: readonly Mark[]
  /** Ends of the axis, epoch ms. */
  readonly fromMs: number
  readonly toMs: number
}

/** Events of the pipeline, above a time axis. A mark links to the page with its details; one of several events links to their time. */
export function MarkTrack({ marks, fromMs, toMs }: MarkTrackProps) {
  const track = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const resized = new ResizeObserver(() => setWidth(track.current!.clientWidth))
    resized.observe(track.current!)
    return () => resized.disconnect()
  }, [])
  const gapMs = (MARK_SPACE / width) * (toMs - fromMs)
  return (
    <div class="marks" ref={track}>
      {width > 0 &&
        groupMarks(marks, gapMs).map(({ startMs, endMs, count, marks: [mark, ...others] }) => {
          const events = [mark, ...others].map(markInWords).join('; ')
          const words = count === 1 ? events : `${count} events: ${events}`
          const around = spanBetween(startMs - gapMs, endMs + gapMs)
          return (
            <a
              key={`${mark.at} ${mark.kind} ${mark.subject}`}
              class={`mark mark-${mark.kind}`}
              href={count === 1 ? withPipeline(pageOf(mark)) : withPipeline('/', around)}
              style={{ left: `${((startMs - fromMs) / (toMs - fromMs)) * 100}%` }}
              title={words}
              aria-label={words}
            >
              {count === 1 ? SIGNS[mark.kind] : count < 100 ? count : '…'}
            </a>
          )
        })}
    </div>
  )
}

/** Path of the page with the details of an event. */
function pageOf({ kind, subject }: Mark): string {
  if (kind === 'model') return `/models/${encodeURIComponent(subject)}`
  return kind === 'suppression' ? '/suppressions' : '/health'
}
