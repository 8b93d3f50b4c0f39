import { queryString } from '../api/client.js'
import type { Mark } from '../api/types.js'
import { formatTime } from '../words/format.js'
import { markInWords } from '../words/mark.js'

const PAGES: Readonly<Record<Mark['kind'], string>> = {
  model: '/models',
  drift: '/health',
  health: '/health',
  suppression: '/suppressions',
}
const SIGNS: Readonly<Record<Mark['kind'], string>> = { model: 'M', drift: 'D', health: 'H', suppression: 'S' }

interface MarkTrackProps {
  readonly pipeline: string
  readonly marks: readonly Mark[]
  /** Ends of the axis, epoch ms. */
  readonly fromMs: number
  readonly toMs: number
}

/** Events of the pipeline, above a time axis: each mark links to the page with its details. */
export function MarkTrack({ pipeline, marks, fromMs, toMs }: MarkTrackProps) {
  return (
    <div class="marks">
      {marks.toReversed().map((mark) => {
        const words = `${formatTime(mark.at)} ${markInWords(mark)}`
        return (
          <a
            key={`${mark.at} ${mark.kind} ${mark.subject}`}
            class={`mark mark-${mark.kind}`}
            href={`${PAGES[mark.kind]}${mark.kind === 'model' ? `/${encodeURIComponent(mark.subject)}` : ''}${queryString({ pipeline })}`}
            style={{ left: `${((Date.parse(mark.at) - fromMs) / (toMs - fromMs)) * 100}%` }}
            title={words}
            aria-label={words}
          >
            {SIGNS[mark.kind]}
          </a>
        )
      })}
    </div>
  )
}
