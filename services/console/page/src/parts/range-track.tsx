import type { Reason } from '../api/types.js'
import { formatAmount, formatValue } from '../words/format.js'
import { placeInRange } from '../words/range.js'

/** A value against its normal range: the band contains nine in ten values, the mark is this value. */
export function RangeTrack({ observed, range }: { observed: number; range: readonly [number, number] }) {
  const place = placeInRange(observed, range)
  const percent = (share: number) => `${(share * 100).toFixed(2)}%`
  const bounds = range[0] === range[1] ? formatValue(range[0]) : `${formatValue(range[0])} to ${formatValue(range[1])}`
  return (
    <div class="track" role="img" aria-label={`normally ${bounds}; here ${formatValue(observed)}, ${inWords(place)}`}>
      <div class="track-line">
        <span class="track-band" style={{ left: percent(place.low), width: percent(place.high - place.low) }} />
        <span
          class={`track-mark ${place.side === 'within' ? '' : 'outside'} ${place.isOff ? `off-${place.side}` : ''}`}
          style={{ left: percent(place.at) }}
        />
      </div>
      <div class="track-words small quiet" aria-hidden="true">
        <span>
          normally <b>{bounds}</b>
        </span>
        <span>{inWords(place)}</span>
      </div>
    </div>
  )
}

/** Whether a reason has the numbers that a track requires. */
export function hasTrack(reason: Reason): reason is Reason & { observed: number; range: readonly [number, number] } {
  return typeof reason.observed === 'number' && reason.range !== null
}

function inWords({ side, widths }: ReturnType<typeof placeInRange>): string {
  if (side === 'within') return 'within it'
  if (widths === null) return `${side} it`
  return `${side} it by ${formatAmount(widths)}× its width`
}
