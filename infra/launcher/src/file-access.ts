import { statSync } from 'node:fs'
import { dirname } from 'node:path'

/** Whether every user may search (x permission) a folder and all folders above it. */
export function isSearchableByAll(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if ((statSync(at).mode & 0o001) === 0) return false
    if (at === dirname(at)) return true
  }
}
