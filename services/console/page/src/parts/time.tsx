import { formatAgo, formatTime } from '../words/format.js'

/** An instant in the reader's time zone; its tooltip is UTC. */
export function Time({ at, ago = false }: { at: string; ago?: boolean }) {
  return (
    <time dateTime={at} title={`${at} (UTC)`}>
      {ago ? formatAgo(at, Date.now()) : formatTime(at)}
    </time>
  )
}
