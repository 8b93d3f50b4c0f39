import { pause } from '@outflow/runtime'
import type { Terminal } from '@outflow/terminal'
import { describeStatus } from './describe-status.js'
import { type Reading, rateBetween } from './reading.js'
import { withScreen } from './screen.js'
import { readAll, withWatched } from './show-status.js'
import { sparkline } from './sparkline.js'

export interface TopOptions {
  readonly config?: readonly string[]
}

const EVERY_MS = 2_000
/** Two minutes. */
const RATES_SHOWN = 60

/**
 * Shows how each pipeline stands, again and again, until `q`, Ctrl-C or the signal. Where stdout is no terminal, the same
 * one below the other.
 */
export function top(options: TopOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  return withWatched(options.config, (watched) =>
    withScreen({ stdin: process.stdin, stdout: process.stdout, signal }, async (screen) => {
      let earlier = await readAll(watched)
      const rates = watched.map((): number[] => [])
      while (!screen.closed.aborted) {
        await pause(EVERY_MS, screen.closed)
        if (screen.closed.aborted) return
        const later = await readAll(watched)
        later.forEach((reading, index) => {
          rates[index]!.push(rateBetween(earlier[index]!, reading))
          if (rates[index]!.length > RATES_SHOWN) rates[index]!.shift()
        })
        earlier = later
        screen.draw(draw(later, rates, terminal))
      }
    }),
  )
}

function draw(readings: readonly Reading[], rates: readonly (readonly number[])[], terminal: Terminal): string {
  const rated = readings.map((reading, index) => ({ reading, rate: rates[index]!.at(-1)! }))
  const lines = readings.map(({ pipeline }, index) => `${pipeline}  ${sparkline(rates[index]!)}`)
  const time = readings[0]!.at.toISOString().slice(0, 19).replace('T', ' ')
  return `${time} UTC\n${describeStatus(rated, terminal)}\n\nrecords/s, ${EVERY_MS / 1_000} s a bar\n${lines.join('\n')}\n`
}
