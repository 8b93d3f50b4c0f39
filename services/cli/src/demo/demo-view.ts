import type { Progress } from '../progress.js'
import type { Terminal } from '../terminal.js'
import { drawBar, type Phase } from './bars.js'
import { makeLiveScreen } from './live-screen.js'
import { type StrangeFlight, strangestTable } from './strangest-table.js'

/** What is seen while the demo runs; on stderr, so that stdout holds the summary alone. */
export interface DemoView {
  /** A line that stays. */
  say(line: string): void
  /** How far a phase is; phases stay in the order of their first showing. */
  show(phase: Phase): void
  /** The phase of this label is over, short of its total: what it came to stands above what is said next. */
  end(label: string): void
  /** The strangest flights so far, the strangest first. */
  strangest(flights: readonly StrangeFlight[]): void
  /** Leaves what was drawn last. */
  close(): void
}

export const makeDemoView = (terminal: Terminal, stderr: NodeJS.WriteStream): DemoView =>
  terminal.interactive ? liveView(terminal, stderr) : plainView(terminal)

function liveView({ say }: Terminal, stderr: NodeJS.WriteStream): DemoView {
  const screen = makeLiveScreen(stderr)
  const phases = new Map<string, Phase>()
  let flights: readonly StrangeFlight[] = []
  const draw = (): void => {
    const bars = [...phases.values()].map(drawBar)
    const table = flights.length > 0 ? ['', strangestTable(flights, stderr.columns)] : []
    screen.draw([...bars, ...table].join('\n'))
  }
  return {
    say: (line) => {
      screen.erase()
      say(line)
      if (phases.size > 0) draw()
    },
    show: (phase) => {
      phases.set(phase.label, phase)
      draw()
    },
    end: () => {},
    strangest: (found) => {
      flights = found
      draw()
    },
    close: () => {
      // The summary has the table; the bars stay above it.
      flights = []
      if (phases.size > 0) draw()
      screen.close()
      phases.clear()
    },
  }
}

/** In a pipe: a line a tenth of each phase. The table of the strangest stands in the summary. */
function plainView(terminal: Terminal): DemoView {
  const shown = new Map<string, Progress>()
  return {
    say: terminal.say,
    show: ({ label, done, total, unit, detail }) => {
      const progress = shown.get(label) ?? terminal.progress({ label, total, unit })
      shown.set(label, progress)
      progress.update(done, detail)
    },
    end: (label) => {
      shown.get(label)?.stop()
      shown.delete(label)
    },
    strangest: () => {},
    close: () => {
      for (const progress of shown.values()) progress.stop()
      shown.clear()
    },
  }
}
