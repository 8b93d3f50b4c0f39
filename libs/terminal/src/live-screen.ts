import { visible } from './visible.js'

/** The last lines of a terminal, which are redrawn; in a pipe, each text is written below the one before. */
export interface LiveScreen {
  /** Replaces what was drawn before. */
  draw(text: string): void
  /** Removes the drawn text, so that a permanent line can be written in its place. */
  erase(): void
  /** Keeps the last drawn text, and restores the cursor. */
  close(): void
}

type Stream = Pick<NodeJS.WritableStream, 'write'> & { readonly isTTY?: boolean; readonly rows?: number }

// Hides the cursor and disables wrapping, so that wide lines are cut: a wrapped line takes two rows, which `back` does not count.
const BEGIN = '\u001B[?25l\u001B[?7l'
const END = '\u001B[?7h\u001B[?25h'
const CLEAR_BELOW = '\u001B[0J'

/** Whether a stream is a terminal with colours and a cursor that can be moved; one with TERM=dumb, as in Emacs, prints the sequences. */
export const isCapable = (stream: Pick<Stream, 'isTTY'>, env: NodeJS.ProcessEnv): boolean =>
  stream.isTTY === true && env.TERM !== 'dumb'

export function makeLiveScreen(stream: Stream, env: NodeJS.ProcessEnv): LiveScreen {
  if (!isCapable(stream, env)) {
    return { draw: (text) => void stream.write(`${visible(text)}\n`), erase: () => {}, close: () => {} }
  }
  let drawn = 0
  let last = ''
  const leave = (text: string): void => {
    if (drawn > 0) stream.write(text)
    drawn = 0
    last = ''
  }
  return {
    draw: (text) => {
      // The cursor cannot move to lines that have scrolled off the screen, so surplus lines are omitted. A terminal of unknown size has 0 rows.
      const lines = visible(text)
        .split('\n')
        .slice(0, Math.max(1, (stream.rows || 24) - 1))
      const frame = lines.join('\n')
      if (frame === last) return
      stream.write(`${drawn === 0 ? BEGIN : back(drawn)}${CLEAR_BELOW}${frame}\n`)
      drawn = lines.length
      last = frame
    },
    erase: () => leave(`${back(drawn)}${CLEAR_BELOW}${END}`),
    close: () => leave(END),
  }
}

/** Moves the cursor to the start of the line that is `lines` lines up. */
const back = (lines: number): string => `\u001B[${lines}F`
