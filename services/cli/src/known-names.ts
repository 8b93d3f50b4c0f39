import { didYouMean } from '@outflow/contracts'
import { UsageError } from './errors.js'

/** @throws {UsageError} when the name is none of the known ones; it suggests the likely one */
export function requireKnown(what: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return
  const suggested = didYouMean(name, known)
  throw new UsageError(
    `no ${what} is called ${name}; ${suggested ? `did you mean ${suggested}?` : `known: ${known.join(', ') || 'none'}`}`,
  )
}
