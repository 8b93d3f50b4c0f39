import { createRequire } from 'node:module'
import type { KafkaJSError } from 'kafkajs'
import { replaceMethod } from './replace-method.js'

/** The part of kafkajs's cluster object that is used here; each producer has its own cluster object. */
interface Cluster {
  readonly brokerPool: { findConnectedBroker(): Promise<Broker> }
  findGroupCoordinatorMetadata(request: CoordinatorRequest): Promise<unknown>
}

interface Broker {
  findGroupCoordinator(request: CoordinatorRequest): Promise<unknown>
}

interface CoordinatorRequest {
  readonly groupId: string
  readonly coordinatorType?: number
}

const cachedIds = new Set<string>()
const caches = new WeakMap<Cluster, Map<string, Promise<unknown>>>()

/**
 * Makes kafkajs cache, for each cluster object, the coordinators of the transactional ids and groups passed to `holdCoordinators`.
 * Otherwise kafkajs looks them up four times a transaction, which is four of nine round trips. A failed look-up ends with the broker's
 * reason if a retry would repeat it.
 */
export function replaceCoordinatorLookup(): void {
  const { prototype }: { prototype: Cluster } = createRequire(import.meta.url)('kafkajs/src/cluster')
  replaceMethod(prototype, 'findGroupCoordinatorMetadata', (cluster, find, request) => {
    const look = () => orReason(find.call(cluster, request), cluster, request)
    if (!cachedIds.has(request.groupId)) {
      caches.delete(cluster)
      return look()
    }
    const cache = caches.get(cluster) ?? new Map<string, Promise<unknown>>()
    caches.set(cluster, cache)
    const key = `${request.coordinatorType} ${request.groupId}`
    const cached = cache.get(key)
    if (cached !== undefined) return cached
    const answer = look()
    cache.set(key, answer)
    answer.catch(() => cache.delete(key))
    return answer
  })
}

/** @returns function that drops the cached coordinators; call it after any error, since a coordinator may have moved */
export function holdCoordinators(ids: readonly string[]): () => void {
  for (const id of ids) cachedIds.add(id)
  return () => {
    for (const id of ids) cachedIds.delete(id)
  }
}

/** kafkajs drops the errors of the brokers that it asks: a missing permission would appear as a coordinator that was not found. */
async function orReason(found: Promise<unknown>, cluster: Cluster, request: CoordinatorRequest): Promise<unknown> {
  try {
    return await found
  } catch (notFound: unknown) {
    const broker = await cluster.brokerPool.findConnectedBroker()
    return broker.findGroupCoordinator(request).catch((reason: KafkaJSError) => {
      throw reason.retriable ? notFound : reason
    })
  }
}
