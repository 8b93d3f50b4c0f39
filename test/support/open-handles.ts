import { afterAll } from 'vitest'
import { eventually } from './eventually.js'

// A test file that leaves a socket, a server, a timer or a process behind fails: its own process would not end.
// Vitest runs this hook after those of the test file, and ends the process whatever is open.
const atStart = counted(process.getActiveResourcesInfo())

afterAll(async () => {
  let left: readonly string[] = []
  const isClosed = () => {
    left = leftOpen()
    return left.length === 0
  }
  await eventually(isClosed, { what: 'the test file leaves nothing open', withinMs: 5_000 }).catch((error: Error) => {
    throw new Error(`${error.message}; open: ${left.join(', ')}`)
  })
})

/** What keeps the process alive now and did not when the file began. */
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
