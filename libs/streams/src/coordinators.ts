import { createRequire } from 'node:module'

/** kafkajs's view of the brokers, as far as it is used here; each producer has its own. */
interface Cluster {
  findGroupCoordinatorMetadata(asked: Asked): Promise<unknown>
}

interface Asked {
  readonly groupId: string
  readonly coordinatorType?: number
}

type Find = (this: Cluster, asked: Asked) => Promise<unknown>

const kept = new Set<string>()
const answers = new WeakMap<Cluster, Map<string, Promise<unknown>>>()

/**
 * From now on kafkajs asks once, for each of its connections, who coordinates these transactional ids and groups. By itself it
 * asks four times a transaction, which is four of nine turns to the broker and back.
 *
 * @returns forgets them: after any error, since a coordinator may have moved
 */
export function keepCoordinators(ids: readonly string[]): () => void {
  intercept()
  for (const id of ids) kept.add(id)
  return () => {
    for (const id of ids) kept.delete(id)
  }
}

/** Puts itself before kafkajs's own question, once. */
function intercept(): void {
  const { prototype }: { prototype: Cluster } = createRequire(import.meta.url)('kafkajs/src/cluster')
  if (prototype.findGroupCoordinatorMetadata === known) return
  find = prototype.findGroupCoordinatorMetadata
  prototype.findGroupCoordinatorMetadata = known
}

let find: Find

function known(this: Cluster, asked: Asked): Promise<unknown> {
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
