import type { Feature } from './feature-schema.js'
import { PARTITION } from './partition.js'
import { formatPath, nameOfPath } from './path.js'

export function featureName(feature: Feature): string {
  if (feature.type === 'window') return feature.name
  return feature.name ?? nameOfPath(feature.path)
}

/** Path of a feature's value in a record. A windowed feature, which no record contains, has its name as path. */
export function featurePath(feature: Feature): string {
  return feature.type === 'window' ? formatPath([feature.name]) : feature.path
}

/**
 * Whether a feature is missing until its window has been seen whole. A partition had records before the first one that is read, while an
 * entity begins with its first record; `since_last` is exact from the second record on.
 */
export function needsWholeWindow(feature: Feature): boolean {
  return feature.type === 'window' && feature.by === PARTITION && feature.aggregate !== 'since_last'
}
