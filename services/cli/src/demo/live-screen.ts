import { visible } from '../visible.js'

/** A part of the terminal, at its end, that is drawn again and again. */
export interface LiveScreen {
  /** Replaces what was drawn before. */
  draw(text: string): void
  /** Takes away what was drawn, for a line that stays to be written in its place. */
  erase(): void
  /** Leaves what was drawn last, and gives the cursor back. */
  close(): void
}

const HIDE_CURSOR = '\u001B[?25l'
const SHOW_CURSOR = '\u001B[?25h'
const CLEAR_BELOW = '\u001B[0J'

/** Lines that are too many for the terminal would scroll away, where the cursor can not go back to: they are left out. */
export function makeLiveScreen(stream: NodeJS.WritableStream & { readonly rows?: number }): LiveScreen {
  let drawn = 0
  let last = ''
  return {
    draw: (text) => {
      const lines = visible(text)
        .split('\n')
        .slice(0, Math.max(1, (stream.rows ?? 24) - 1))
      const frame = lines.join('\n')
      if (frame === last) return
      stream.write(`${drawn === 0 ? HIDE_CURSOR : back(drawn)}${CLEAR_BELOW}${frame}\n`)
      drawn = lines.length
      last = frame
    },
    erase: () => {
      if (drawn > 0) stream.write(`${back(drawn)}${CLEAR_BELOW}`)
      drawn = 0
      last = ''
    },
    close: () => {
      if (drawn > 0) stream.write(SHOW_CURSOR)
      drawn = 0
      last = ''
    },
  }
}

/** To the start of the line so many lines up. */
const back = (lines: number): string => `\u001B[${lines}F`
