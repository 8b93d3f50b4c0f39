import type { Config } from '@outflow/contracts'
import type { Log } from './log.js'
import type { Vitals } from './vitals/vitals.js'

/** What every service is started with. */
export interface ServiceOptions {
  readonly config: Config
  readonly log: Log
  /** When it aborts, batches and transactions in progress end and no other begins; a running fit is abandoned. */
  readonly signal: AbortSignal
  /** The metrics and checks of the process; the caller serves them. */
  readonly vitals: Vitals
}
