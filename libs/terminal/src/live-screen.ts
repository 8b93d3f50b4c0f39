import { visible } from './visible.js'

/** The end of what a terminal shows, drawn again and again; in a pipe, texts one below the other. */
export interface LiveScreen {
  /** Replaces what was drawn before. */
  draw(text: string): void
  /** Takes away what was drawn, so that a line that stays can be written in its place. */
  erase(): void
  /** Leaves what was drawn last, and restores the cursor. */
  close(): void
}

type Stream = Pick<NodeJS.WritableStream, 'write'> & { readonly isTTY?: boolean; readonly rows?: number }

// A line that wraps would be two lines, and the way back to the first one too short: what is too wide is cut instead.
const BEGIN = '\u001B[?25l\u001B[?7l'
const END = '\u001B[?7h\u001B[?25h'
const CLEAR_BELOW = '\u001B[0J'

export function makeLiveScreen(stream: Stream): LiveScreen {
  if (!stream.isTTY) {
    return { draw: (text) => void stream.write(`${visible(text)}\n`), erase: () => {}, close: () => {} }
  }
  let drawn = 0
  let last = ''
  const erase = (): void => {
    if (drawn > 0) stream.write(`${back(drawn)}${CLEAR_BELOW}${END}`)
    drawn = 0
    last = ''
  }
  return {
    draw: (text) => {
      // The cursor cannot go back to lines that scrolled away: those that are too many are left out.
      const lines = visible(text)
        .split('\n')
        .slice(0, Math.max(1, (stream.rows ?? 24) - 1))
      const frame = lines.join('\n')
      if (frame === last) return
      stream.write(`${drawn === 0 ? BEGIN : back(drawn)}${CLEAR_BELOW}${frame}\n`)
      drawn = lines.length
      last = frame
    },
    erase,
    close: () => {
      if (drawn > 0) stream.write(END)
      drawn = 0
      last = ''
    },
  }
}

/** To the start of the line so many lines up. */
const back = (lines: number): string => `\u001B[${lines}F`
