import { Presets, SingleBar } from 'cli-progress'

/** How far a piece of long work is: a bar on a terminal, plain lines in a pipe. */
export interface Progress {
  /** @param done    so far, in the unit of `total`
   *  @param detail  said behind the numbers */
  update(done: number, detail?: string): void
  stop(): void
}

export interface ProgressOptions {
  readonly label: string
  /** Null where it can not be known beforehand, as with stdin. */
  readonly total: number | null
  /** What is counted: `steps`, `rows`. */
  readonly unit: string
}

export interface ProgressStream extends NodeJS.WritableStream {
  readonly isTTY?: boolean
}

export function makeProgress(options: ProgressOptions, stream: ProgressStream, now: () => number = Date.now): Progress {
  return stream.isTTY ? bar(options, stream) : lines(options, stream, now)
}

function bar({ label, total, unit }: ProgressOptions, stream: ProgressStream): Progress {
  const format =
    total === null
      ? `${label.padEnd(8)} {value} ${unit}  {detail}`
      : `${label.padEnd(8)} {bar} {percentage} %  {value}/{total} ${unit}  {detail}`
  const single = new SingleBar(
    { format, stream, hideCursor: true, barsize: 24, formatValue: formatValue, noTTYOutput: false },
    Presets.shades_classic,
  )
  single.start(total ?? 0, 0, { detail: '' })
  return {
    update: (done, detail) => single.update(done, detail === undefined ? {} : { detail }),
    stop: () => single.stop(),
  }
}

const formatValue = (value: number, _: unknown, type: string): string =>
  type === 'percentage' ? String(value).padStart(3) : value.toLocaleString('en')

/** A log stays readable: one line a tenth of the way, or every five seconds where the end is not known. */
const LINE_EVERY_SHARE = 0.1
const LINE_EVERY_MS = 5_000

function lines({ label, total, unit }: ProgressOptions, stream: ProgressStream, now: () => number): Progress {
  let nextShare = 0
  let nextAt = now() + LINE_EVERY_MS
  let last = { done: -1, said: -1, detail: '' }
  const print = (): void => {
    const of = total === null ? '' : ` of ${total.toLocaleString('en')}`
    stream.write(`${label}: ${last.done.toLocaleString('en')}${of} ${unit}${last.detail && `, ${last.detail}`}\n`)
    last.said = last.done
    nextAt = now() + LINE_EVERY_MS
  }
  return {
    update: (done, detail = last.detail) => {
      last = { ...last, done, detail }
      const due = total === null ? now() >= nextAt : done / total >= nextShare
      if (!due) return
      print()
      if (total !== null) nextShare = Math.floor(done / total / LINE_EVERY_SHARE + 1) * LINE_EVERY_SHARE
    },
    stop: () => {
      if (last.said >= 0 && last.done > last.said) print()
    },
  }
}
