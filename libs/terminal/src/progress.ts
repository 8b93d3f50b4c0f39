import { formatCount, formatCounted } from './format.js'
import { isCapable, makeLiveScreen } from './live-screen.js'

/** Progress of a long task. */
export interface Progress {
  /** @param done    so far, in the unit of `total`
   *  @param detail  written after the numbers; default: the previous one */
  update(done: number, detail?: string): void
  stop(): void
}

export interface ProgressOptions {
  readonly label: string
  /** Null where it is unknown beforehand, as with stdin. */
  readonly total: number | null
  /** What is counted: `step`, `row`. */
  readonly unit: string
}

/** Progress on stderr: on a terminal bars, below all other lines until the last bar stops; in a pipe plain lines. */
interface ProgressArea {
  open(options: ProgressOptions): Progress
  /** Replaces the text below the bars; not written to a pipe. */
  below(text: string): void
  /** Writes a permanent line. */
  say(line: string): void
}

type Stream = Parameters<typeof makeLiveScreen>[0]

export const makeProgressArea = (stream: Stream, env: NodeJS.ProcessEnv): ProgressArea =>
  isCapable(stream, env) ? bars(stream, env) : lines(stream)

interface Bar extends ProgressOptions {
  done: number
  detail: string
  isOpen: boolean
}

function bars(stream: Stream, env: NodeJS.ProcessEnv): ProgressArea {
  const screen = makeLiveScreen(stream, env)
  const shown: Bar[] = []
  let text = ''
  const draw = (): void => screen.draw([...shown.map(drawBar), ...(text === '' ? [] : ['', text])].join('\n'))
  return {
    open: (options) => {
      const bar: Bar = { ...options, done: 0, detail: '', isOpen: true }
      shown.push(bar)
      draw()
      return {
        update: (done, detail = bar.detail) => {
          if (!bar.isOpen) return
          Object.assign(bar, { done, detail })
          draw()
        },
        stop: () => {
          if (!bar.isOpen) return
          bar.isOpen = false
          if (shown.some(({ isOpen }) => isOpen)) return
          text = ''
          draw()
          screen.close()
          shown.length = 0
        },
      }
    },
    below: (own) => {
      if (shown.length === 0) return
      text = own
      draw()
    },
    say: (line) => {
      screen.erase()
      stream.write(`${line}\n`)
      if (shown.length > 0) draw()
    },
  }
}

const BAR_CELLS = 24

/** `score   ████████░░░░  62 %  9,932 of 16,016 messages  41 anomalies` */
function drawBar({ label, done, total, unit, detail }: Bar): string {
  const name = label.padEnd(7)
  if (total === null) return `${name} ${formatCounted(done, unit)}  ${detail}`.trimEnd()
  const share = total === 0 ? 0 : Math.min(1, done / total)
  const full = Math.round(share * BAR_CELLS)
  const bar = `${'█'.repeat(full)}${'░'.repeat(BAR_CELLS - full)} ${`${Math.floor(100 * share)} %`.padStart(5)}`
  return `${name} ${bar}  ${formatCount(done)} of ${formatCounted(total, unit)}  ${detail}`.trimEnd()
}

/** Keeps a log short: one line per tenth of the total, or every five seconds where the total is unknown. */
const LINE_EVERY_SHARE = 0.1
const LINE_EVERY_MS = 5_000

function lines(stream: Stream): ProgressArea {
  return {
    open: (options) => progressLines(options, stream),
    below: () => {},
    say: (line) => void stream.write(`${line}\n`),
  }
}

function progressLines({ label, total, unit }: ProgressOptions, stream: Stream): Progress {
  let nextShare = 0
  let nextAt = performance.now() + LINE_EVERY_MS
  let last = { done: -1, written: -1, detail: '' }
  const print = (): void => {
    const count =
      total === null ? formatCounted(last.done, unit) : `${formatCount(last.done)} of ${formatCounted(total, unit)}`
    stream.write(`${label}: ${count}${last.detail && `, ${last.detail}`}\n`)
    last.written = last.done
    nextAt = performance.now() + LINE_EVERY_MS
  }
  return {
    update: (done, detail = last.detail) => {
      last = { ...last, done, detail }
      const due = total === null ? performance.now() >= nextAt : done / total >= nextShare
      if (!due) return
      print()
      if (total !== null) nextShare = Math.floor(done / total / LINE_EVERY_SHARE + 1) * LINE_EVERY_SHARE
    },
    stop: () => {
      if (last.written >= 0 && last.done > last.written) print()
    },
  }
}
