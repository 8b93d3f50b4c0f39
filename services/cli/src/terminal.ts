import { once } from 'node:events'
import pc from 'picocolors'
import { makeProgress, type Progress, type ProgressOptions } from './progress.js'
import { visible } from './visible.js'

type Paint = ReturnType<typeof pc.createColors>

/** Output of a command: results on stdout, messages to a person on stderr. Control characters in either are shown as escapes. */
export interface Terminal {
  /** Whether a person watches stderr, so that a line may be drawn again. */
  readonly interactive: boolean
  /** Colours for stderr; the identity where it is no terminal or NO_COLOR is set. */
  readonly paint: Paint
  /** The same for stdout, which a pipe or a log of CI reads as plain text. */
  readonly paintResult: Paint
  say(line: string): void
  /** Writes to stdout and resolves when there is room for more. */
  result(text: string): Promise<void>
  progress(options: ProgressOptions): Progress
}

export function makeTerminal({ stdout, stderr, env }: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>): Terminal {
  const interactive = stderr.isTTY === true
  return {
    interactive,
    paint: pc.createColors(interactive && !env.NO_COLOR),
    paintResult: pc.createColors(stdout.isTTY === true && !env.NO_COLOR),
    say: (line) => {
      stderr.write(`${visible(line)}\n`)
    },
    result: async (text) => {
      if (!stdout.write(visible(text))) await once(stdout, 'drain')
    },
    progress: (options) => makeProgress(options, stderr),
  }
}

const integer = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export const formatCount = (count: number): string => integer.format(count)

/** `0.0123` becomes `1.2 %`. */
export const formatShare = (share: number): string => `${(100 * share).toFixed(1)} %`

export const formatSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
