import { afterAll, vi } from 'vitest'
import { eventually } from './eventually.js'

// The files of a process share the packages, which Node loads once. The modules of this folder are loaded again for each file, because
// some of them have hooks and state of a file.
vi.resetModules()

// A test file that leaves a socket, a server, a timer or a process open fails: outside of Vitest its process would not end.
// Vitest runs this hook after those of the test file, and ends the process after its last file in any case.
const atStart = counted(process.getActiveResourcesInfo())

afterAll(async () => {
  let left: readonly string[] = []
  const isClosed = () => {
    left = leftOpen()
    return left.length === 0
  }
  await eventually(isClosed, { what: 'the test file has closed everything' }).catch((error: Error) => {
    throw new Error(`${error.message}; open: ${left.join(', ')}`)
  })
})

/** Resources that keep the process alive and were not open when the file began. */
function leftOpen(): readonly string[] {
  return [...counted(process.getActiveResourcesInfo())]
    .filter(([kind, count]) => count > (atStart.get(kind) ?? 0))
    .map(([kind, count]) => `${count - (atStart.get(kind) ?? 0)} ${kind}`)
}

function counted(kinds: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}
