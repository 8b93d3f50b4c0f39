import { once } from 'node:events'
import pc from 'picocolors'
import { isCapable } from './live-screen.js'
import { makeProgressArea, type Progress, type ProgressOptions } from './progress.js'
import { drawTable, type TableOptions } from './table.js'
import { visible } from './visible.js'

type Paint = ReturnType<typeof pc.createColors>

/** Output of a command: results on stdout, messages to the user on stderr. Control characters in either are shown as escapes. */
export interface Terminal {
  /** Colours for stderr; the identity where it is not a terminal, NO_COLOR is set or TERM is dumb. */
  readonly paint: Paint
  /** The same for stdout. */
  readonly paintResult: Paint
  /** Writes a line to stderr, above the bars. */
  say(line: string): void
  /** Writes to stdout and resolves when there is room for more. */
  result(text: string): Promise<void>
  /** Opens a bar on stderr, or a series of lines in a pipe. */
  progress(options: ProgressOptions): Progress
  /** Replaces the text below the bars, until the last bar stops; not written to a pipe. */
  below(text: string): void
  /** Draws a table for stdout. */
  table(options: TableOptions): string
}

export function makeTerminal({ stdout, stderr, env }: Pick<NodeJS.Process, 'stdout' | 'stderr' | 'env'>): Terminal {
  const area = makeProgressArea(stderr, env)
  return {
    paint: pc.createColors(isCapable(stderr, env) && !env.NO_COLOR),
    paintResult: pc.createColors(isCapable(stdout, env) && !env.NO_COLOR),
    say: (line) => area.say(visible(line)),
    result: async (text) => {
      if (!stdout.write(visible(text))) await once(stdout, 'drain')
    },
    progress: area.open,
    below: area.below,
    table: (options) => drawTable(options, stdout),
  }
}
