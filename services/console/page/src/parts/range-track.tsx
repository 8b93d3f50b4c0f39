import type { Reason } from '../api/types.js'
import { formatAmount, formatValue } from '../words/format.js'
import { placeInRange } from '../words/range.js'

/** A number against its normal range, where there is one: the band contains nine in ten values, the mark is this value. */
export function RangeTrack({ observed, range }: Pick<Reason, 'observed' | 'range'>) {
  if (typeof observed !== 'number' || range === null) return null
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

function inWords({ side, widths }: ReturnType<typeof placeInRange>): string {
  if (side === 'within') return 'within it'
  if (widths === null) return `${side} it`
  return `${side} it by ${formatAmount(widths)}× its width`
}
