import type { LaunchFolder } from './launch-folder.js'

/** What a way to a part is handed. */
export interface PartLaunch {
  readonly folder: LaunchFolder
  readonly signal: AbortSignal | undefined
  readonly say: (line: string) => void
}
