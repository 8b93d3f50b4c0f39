/** The signals that end a process. SIGHUP: a terminal was closed. Node resets signals at its start, so that nohup has no effect. */
export const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const

/**
 * The terminal and `timeout` send a signal to the whole process group, and npm, npx and `timeout` forward it as well: a second signal
 * within this time is a duplicate.
 */
export const DUPLICATE_SIGNAL_MS = 1_000
