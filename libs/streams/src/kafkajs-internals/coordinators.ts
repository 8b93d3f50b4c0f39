import { createRequire } from 'node:module'

/** kafkajs's view of the brokers, as far as it is used here; each producer has its own. */
interface Cluster {
  findGroupCoordinatorMetadata(asked: CoordinatorRequest): Promise<unknown>
}

interface CoordinatorRequest {
  readonly groupId: string
  readonly coordinatorType?: number
}

type Find = (this: Cluster, asked: CoordinatorRequest) => Promise<unknown>

const kept = new Set<string>()
const answers = new WeakMap<Cluster, Map<string, Promise<unknown>>>()

/**
 * Makes kafkajs keep, for each of its connections, who coordinates the transactional ids and groups that `holdCoordinators` names.
 * kafkajs itself looks them up four times a transaction, which is four of nine round trips.
 */
export function keepCoordinators(): void {
  const { prototype }: { prototype: Cluster } = createRequire(import.meta.url)('kafkajs/src/cluster')
  if (prototype.findGroupCoordinatorMetadata === findKept) return
  find = prototype.findGroupCoordinatorMetadata
  prototype.findGroupCoordinatorMetadata = findKept
}

/** @returns drops the kept answers: to be called after any error, since a coordinator may have moved */
export function holdCoordinators(ids: readonly string[]): () => void {
  for (const id of ids) kept.add(id)
  return () => {
    for (const id of ids) kept.delete(id)
  }
}

let find: Find

function findKept(this: Cluster, asked: CoordinatorRequest): Promise<unknown> {
  if (!kept.has(asked.groupId)) {
    answers.delete(this)
    return find.call(this, asked)
  }
  const ofCluster = answers.get(this) ?? new Map<string, Promise<unknown>>()
  answers.set(this, ofCluster)
  const key = `${asked.coordinatorType} ${asked.groupId}`
  const before = ofCluster.get(key)
  if (before !== undefined) return before
  const answer = find.call(this, asked)
  ofCluster.set(key, answer)
  answer.catch(() => ofCluster.delete(key))
  return answer
}
