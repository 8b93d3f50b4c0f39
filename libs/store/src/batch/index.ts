export type { BatchWrite, ShadowDifference, ShadowWrite } from './batch.js'
export { beginPartitions, partitionCounters, skipMissed, storedFdrState, storedPositions } from './offsets.js'
export { loadWindowStates, type StoredEntity, type StoredWindowState } from './window-states.js'
export { writeBatch } from './write-batch.js'
