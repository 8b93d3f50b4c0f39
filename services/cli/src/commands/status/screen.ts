import { type LiveScreen, makeLiveScreen } from '@outflow/terminal'

interface Screen extends Pick<LiveScreen, 'draw'> {
  /** Aborts when the person has seen enough. */
  readonly closed: AbortSignal
}

interface ScreenOptions {
  readonly stdin: Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>
  readonly stdout: Pick<NodeJS.WriteStream, 'isTTY' | 'write' | 'rows'>
  readonly signal: AbortSignal
}

const CTRL_C = '\x03'

/** Runs work that draws on the terminal until `q`, Ctrl-C or the signal; the last drawing stays. */
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
  const screen = makeLiveScreen(stdout)
  try {
    return await use({ closed: AbortSignal.any([signal, quit.signal]), draw: screen.draw })
  } finally {
    screen.close()
    if (takesKeys) {
      stdin.off('data', onKey)
      stdin.setRawMode(false)
      stdin.pause()
    }
  }
}
