import { once } from 'node:events'
import { formatCount, type LiveScreen, makeLiveScreen, type Terminal } from '@outflow/terminal'
import type { CommandContext } from '../command-context.js'
import { interruptible } from '../interrupt.js'
import { configsOption } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'
import { describeStatus } from './status/describe-status.js'
import { type Reading, readings } from './status/reading.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description(
      'Shows the output of `status`, updated every two seconds, with the records/s of the last two minutes. q or Ctrl-C ends it.',
    )
    .addOption(configsOption('show several pipelines'))
    .examples('outflow top', 'outflow top --config flights.yaml --config parcels.yaml')
    .action(({ config }: { readonly config?: readonly string[] }) =>
      interruptible((signal) => top(config, terminal, signal)),
    )
}

const REFRESH_MS = 2_000
/** Two minutes. */
const RATES_SHOWN = 60

/**
 * Draws the status of each pipeline every two seconds, until `q`, Ctrl-C or the signal. While Postgres is unavailable, the last drawing
 * remains, with the reason. Where stdout is not a terminal, the drawings are printed one below the other.
 */
function top(paths: readonly string[] | undefined, terminal: Terminal, signal: AbortSignal): Promise<void> {
  return withScreen(
    { stdin: process.stdin, stdout: process.stdout, env: process.env, signal },
    async ({ closed, draw }) => {
      const shown: (readonly Reading[])[] = []
      let drawing = ''
      const say = (message: string) => draw(`${drawing}\n${message}\n`)
      for await (const states of readings(paths, { everyMs: REFRESH_MS, signal: closed, say })) {
        shown.push(states)
        if (shown.length > RATES_SHOWN) shown.shift()
        drawing = drawingOf(states, shown, terminal)
        draw(drawing)
      }
    },
  )
}

interface Screen extends Pick<LiveScreen, 'draw'> {
  /** Aborts on `q`, Ctrl-C or the signal. */
  readonly closed: AbortSignal
}

interface ScreenOptions {
  readonly stdin: Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>
  readonly stdout: Pick<NodeJS.WriteStream, 'isTTY' | 'write' | 'rows'>
  readonly env: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

const CTRL_C = '\x03'

/** Runs work that draws on the terminal until `q`, Ctrl-C or the signal; the last drawing remains. */
export async function withScreen(
  { stdin, stdout, env, signal }: ScreenOptions,
  use: (screen: Screen) => Promise<void>,
): Promise<void> {
  const quit = new AbortController()
  const onKey = (keys: Buffer | string): void => {
    if (/^q$/i.test(String(keys)) || String(keys).includes(CTRL_C)) quit.abort()
  }
  const isInteractive = stdin.isTTY === true && stdout.isTTY === true
  if (isInteractive) {
    stdin.setRawMode(true)
    stdin.on('data', onKey)
    stdin.resume()
  }
  const screen = makeLiveScreen(stdout, env)
  const closed = AbortSignal.any([signal, quit.signal])
  // Not after a server has answered: on a terminal in raw mode, a second Ctrl-C is no signal that could end the process.
  const ended = once(closed, 'abort')
  try {
    await Promise.race([use({ closed, draw: screen.draw }), ended])
  } finally {
    screen.close()
    if (isInteractive) {
      stdin.off('data', onKey)
      stdin.setRawMode(false)
      stdin.pause()
    }
  }
}

function drawingOf(states: readonly Reading[], shown: readonly (readonly Reading[])[], terminal: Terminal): string {
  const lines = states.map(({ pipeline }, index) => {
    return `${pipeline}  ${sparkline(shown.map((earlier) => earlier[index]!.recordsPerSecond))}`
  })
  const time = states[0]!.at.toISOString().slice(0, 19).replace('T', ' ')
  return `${time} UTC\n${describeStatus(states, terminal)}\n\nrecords/s, ${REFRESH_MS / 1_000} s a bar\n${lines.join('\n')}\n`
}

const BARS = '▁▂▃▄▅▆▇█'

/** Bars from 0 to the largest value, and that value. */
export function sparkline(values: readonly number[]): string {
  const largest = Math.max(0, ...values)
  const bar = (value: number) => BARS[largest === 0 ? 0 : Math.round((value / largest) * (BARS.length - 1))]!
  return `${values.map(bar).join('')}  at most ${formatCount(largest)}`
}
