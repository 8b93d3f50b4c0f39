import { serverNow } from '../api/client.js'
import { formatAgo, formatTime, formatZone } from '../words/format.js'

/** An instant in the user's time zone; its tooltip is in UTC. */
export function Time({ at, ago = false, hasZone = false }: { at: string; ago?: boolean; hasZone?: boolean }) {
  return (
    <time dateTime={at} title={`${at} (UTC)`}>
      {ago ? formatAgo(at, serverNow()) : formatTime(at)}
      {hasZone && ` ${formatZone(at)}`}
    </time>
  )
}
