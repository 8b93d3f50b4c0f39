import type { Terminal } from '@outflow/terminal'
import type { ExitCode } from './exit-code.js'

/** What a command is handed, and how it says that it ended otherwise than well without throwing. */
export interface CommandContext {
  readonly terminal: Terminal
  exitCode: ExitCode
}
