import { once } from 'node:events'
import { visible } from '../visible.js'

export interface Screen {
  /** Aborts when the person has seen enough. */
  readonly closed: AbortSignal
  /** Puts a text in the place of the one before. */
  draw(text: string): Promise<void>
}

export interface ScreenOptions {
  readonly stdin: Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>
  readonly stdout: Pick<NodeJS.WriteStream, 'isTTY' | 'write' | 'once'>
  readonly signal: AbortSignal
}

// The other screen of a terminal, without a cursor: what was there before comes back at the end.
const ENTER = '\x1b[?1049h\x1b[?25l'
const LEAVE = '\x1b[?25h\x1b[?1049l'
const FROM_THE_TOP = '\x1b[H'
const CLEAR_REST_OF_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

const CTRL_C = '\x03'

/** Lends the terminal's screen; where stdout is none, texts follow each other, without control characters. */
export async function withScreen<T>(
  { stdin, stdout, signal }: ScreenOptions,
  use: (screen: Screen) => Promise<T>,
): Promise<T> {
  const quit = new AbortController()
  const onKey = (keys: Buffer | string): void => {
    if (/^q$/i.test(String(keys)) || String(keys).includes(CTRL_C)) quit.abort()
  }
  const takesKeys = stdin.isTTY === true && stdout.isTTY === true
  if (takesKeys) {
    stdin.setRawMode(true)
    stdin.on('data', onKey)
    stdin.resume()
  }
  if (stdout.isTTY) stdout.write(ENTER)
  try {
    return await use({
      closed: AbortSignal.any([signal, quit.signal]),
      draw: async (text) => {
        const whole = stdout.isTTY
          ? `${FROM_THE_TOP}${visible(text).replaceAll('\n', `${CLEAR_REST_OF_LINE}\n`)}${CLEAR_BELOW}`
          : `${visible(text)}\n`
        if (!stdout.write(whole)) await once(stdout as NodeJS.WriteStream, 'drain')
      },
    })
  } finally {
    if (stdout.isTTY) stdout.write(LEAVE)
    if (takesKeys) {
      stdin.off('data', onKey)
      stdin.setRawMode(false)
      stdin.pause()
    }
  }
}
