import type { Terminal } from '@outflow/terminal'
import type { ExitCode } from './exit-code.js'

/** What a command receives, and the exit code that it sets without throwing. */
export interface CommandContext {
  readonly terminal: Terminal
  exitCode: ExitCode
}
