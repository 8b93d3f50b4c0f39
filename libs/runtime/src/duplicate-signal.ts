/**
 * The terminal and `timeout` send a signal to the whole process group, and npm, npx and `timeout` forward it as well: a second signal
 * within this time is a duplicate.
 */
export const DUPLICATE_SIGNAL_MS = 1_000
