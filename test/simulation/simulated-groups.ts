import { kafkaError } from './kafka-errors.js'
import type { Scheduler } from './scheduler.js'

interface Member {
  readonly id: string
  sessionTimeoutMs: number
  rebalanceTimeoutMs: number
  metadata: Buffer
  assignment: Buffer
  /** Answer the member's open request to join, or to get its partitions. */
  joined: Waiting | null
  synced: Waiting | null
  cancelExpiry: () => void
}

interface Waiting {
  readonly resolve: (answer: never) => void
  readonly reject: (error: Error) => void
}

interface Group {
  state: 'empty' | 'joining' | 'syncing' | 'stable'
  generation: number
  protocol: string
  leaderId: string
  readonly members: Map<string, Member>
  cancelDeadline: () => void
  /** By `topic/partition`. */
  readonly offsets: Map<string, bigint>
  /** Offsets of open transactions, by producer. */
  readonly pendingOffsets: Map<number, Map<string, bigint>>
  /** The latest epoch of each producer that has committed offsets here. */
  readonly producerEpochs: Map<number, number>
}

interface JoinRequest {
  readonly groupId: string
  readonly memberId: string
  readonly sessionTimeout: number
  readonly rebalanceTimeout: number
  readonly groupProtocols: readonly { readonly name: string; readonly metadata: Buffer }[]
}

export interface OffsetsOf {
  readonly topic: string
  /** An offset is text, or one of kafkajs's 64-bit numbers. */
  readonly partitions: readonly { readonly partition: number; readonly offset: { toString(): string } }[]
}

// group.initial.rebalance.delay.ms is 3,000 by default, and 0 in tests.
const FIRST_JOIN_WAIT_MS = 50

/** The coordinator of consumer groups: members, generations, assignments and committed offsets. */
export class SimulatedGroups {
  readonly #groups = new Map<string, Group>()
  #memberCount = 0

  constructor(private readonly scheduler: Scheduler) {}

  join({ groupId, memberId, sessionTimeout, rebalanceTimeout, groupProtocols }: JoinRequest): Promise<unknown> {
    const group = this.of(groupId)
    if (memberId !== '' && !group.members.has(memberId)) throw kafkaError('UNKNOWN_MEMBER_ID')
    const [{ name, metadata }] = groupProtocols as [JoinRequest['groupProtocols'][number]]
    const member = group.members.get(memberId) ?? this.#addMember(group)
    Object.assign(member, { sessionTimeoutMs: sessionTimeout, rebalanceTimeoutMs: rebalanceTimeout, metadata })
    group.protocol = name
    member.cancelExpiry()
    member.joined?.reject(kafkaError('REBALANCE_IN_PROGRESS'))
    return new Promise((resolve, reject) => {
      member.joined = { resolve, reject }
      this.#rebalance(group)
      this.#completeJoin(group)
    })
  }

  sync(request: {
    readonly groupId: string
    readonly generationId: number
    readonly memberId: string
    readonly groupAssignment: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[]
  }): Promise<unknown> {
    const { groupId, generationId, memberId, groupAssignment } = request
    const { group, member } = this.#member(groupId, memberId, generationId)
    if (group.state === 'joining') throw kafkaError('REBALANCE_IN_PROGRESS')
    if (group.state === 'syncing' && memberId === group.leaderId) {
      for (const { memberId: id, memberAssignment } of groupAssignment) {
        const assigned = group.members.get(id)
        if (assigned) assigned.assignment = memberAssignment
      }
      group.state = 'stable'
      for (const waiting of group.members.values()) {
        waiting.synced?.resolve({ memberAssignment: waiting.assignment } as never)
        waiting.synced = null
      }
    }
    if (group.state === 'stable') return Promise.resolve({ memberAssignment: member.assignment })
    return new Promise((resolve, reject) => {
      member.synced = { resolve, reject }
    })
  }

  heartbeat(request: {
    readonly groupId: string
    readonly memberId: string
    readonly groupGenerationId: number
  }): object {
    const { groupId, memberId, groupGenerationId } = request
    const { group, member } = this.#member(groupId, memberId, groupGenerationId)
    this.#awaitExpiry(group, member)
    if (group.state === 'joining') throw kafkaError('REBALANCE_IN_PROGRESS')
    return {}
  }

  leave({ groupId, memberId }: { readonly groupId: string; readonly memberId: string }): object {
    const group = this.of(groupId)
    if (!group.members.has(memberId)) throw kafkaError('UNKNOWN_MEMBER_ID')
    this.#remove(group, memberId)
    return {}
  }

  commit(request: {
    readonly groupId: string
    readonly memberId: string
    readonly groupGenerationId: number
    readonly topics: readonly OffsetsOf[]
  }): object {
    const { groupId, memberId, groupGenerationId, topics } = request
    const { group } = this.#member(groupId, memberId, groupGenerationId)
    if (group.state === 'joining') throw kafkaError('REBALANCE_IN_PROGRESS')
    for (const [key, offset] of offsetsIn(topics)) group.offsets.set(key, offset)
    return {}
  }

  offset(groupId: string, topic: string, partition: number): bigint {
    return this.of(groupId).offsets.get(`${topic}/${partition}`) ?? -1n
  }

  partitionsWithOffsets(groupId: string) {
    return [...this.of(groupId).offsets.keys()].map((key) => {
      const end = key.lastIndexOf('/')
      return { topic: key.slice(0, end), partitions: [{ partition: Number(key.slice(end + 1)) }] }
    })
  }

  /** Stores offsets that become valid when the producer's transaction is committed. */
  commitInTransaction(groupId: string, producerId: number, epoch: number, topics: readonly OffsetsOf[]): void {
    const group = this.of(groupId)
    if (epoch < (group.producerEpochs.get(producerId) ?? 0)) throw kafkaError('INVALID_PRODUCER_EPOCH')
    group.producerEpochs.set(producerId, epoch)
    const pending = group.pendingOffsets.get(producerId) ?? new Map<string, bigint>()
    group.pendingOffsets.set(producerId, pending)
    for (const [key, offset] of offsetsIn(topics)) pending.set(key, offset)
  }

  endTransaction(groupId: string, producerId: number, epoch: number, marker: 'commit' | 'abort'): void {
    const { pendingOffsets, offsets, producerEpochs } = this.of(groupId)
    producerEpochs.set(producerId, Math.max(epoch, producerEpochs.get(producerId) ?? 0))
    if (marker === 'commit') for (const [key, offset] of pendingOffsets.get(producerId) ?? []) offsets.set(key, offset)
    pendingOffsets.delete(producerId)
  }

  of(groupId: string): Group {
    const known = this.#groups.get(groupId)
    if (known !== undefined) return known
    const group: Group = {
      ...{ state: 'empty', generation: 0, protocol: '', leaderId: '', members: new Map(), cancelDeadline: () => {} },
      ...{ offsets: new Map(), pendingOffsets: new Map(), producerEpochs: new Map() },
    }
    this.#groups.set(groupId, group)
    return group
  }

  #member(groupId: string, memberId: string, generation: number) {
    const group = this.of(groupId)
    const member = group.members.get(memberId)
    if (member === undefined) throw kafkaError('UNKNOWN_MEMBER_ID')
    if (generation !== group.generation) throw kafkaError('ILLEGAL_GENERATION')
    return { group, member }
  }

  #addMember(group: Group): Member {
    const member: Member = {
      ...{ id: `member-${++this.#memberCount}`, sessionTimeoutMs: 0, rebalanceTimeoutMs: 0 },
      ...{ metadata: Buffer.alloc(0), assignment: Buffer.alloc(0), joined: null, synced: null, cancelExpiry: () => {} },
    }
    group.members.set(member.id, member)
    return member
  }

  #awaitExpiry(group: Group, member: Member): void {
    member.cancelExpiry()
    member.cancelExpiry = this.scheduler.after(member.sessionTimeoutMs, null, () => {
      this.scheduler.trace(this.scheduler.nowMs, 'broker', `expels ${member.id}`)
      this.#remove(group, member.id)
    })
  }

  #remove(group: Group, memberId: string): void {
    const member = group.members.get(memberId)
    member?.cancelExpiry()
    member?.joined?.reject(kafkaError('UNKNOWN_MEMBER_ID'))
    member?.synced?.reject(kafkaError('UNKNOWN_MEMBER_ID'))
    group.members.delete(memberId)
    this.#rebalance(group)
    this.#completeJoin(group)
  }

  /** Begins a rebalance, unless one is in progress. Heartbeats of members are answered with it. */
  #rebalance(group: Group): void {
    if (group.state === 'joining') return
    const isFirst = group.state === 'empty'
    group.state = 'joining'
    for (const member of group.members.values()) {
      member.synced?.reject(kafkaError('REBALANCE_IN_PROGRESS'))
      member.synced = null
    }
    const longestMs = Math.max(...[...group.members.values()].map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs), 0)
    group.cancelDeadline = this.scheduler.after(isFirst ? FIRST_JOIN_WAIT_MS : longestMs, null, () => {
      for (const member of group.members.values()) {
        if (member.joined === null) {
          member.cancelExpiry()
          group.members.delete(member.id)
        }
      }
      this.#completeJoin(group)
    })
  }

  /** Completes the rebalance when all members have requested to join. */
  #completeJoin(group: Group): void {
    const members = [...group.members.values()]
    if (group.state !== 'joining' || members.some(({ joined }) => joined === null)) return
    group.cancelDeadline()
    group.generation += 1
    group.state = members.length === 0 ? 'empty' : 'syncing'
    group.leaderId = members[0]?.id ?? ''
    for (const member of members) {
      member.assignment = Buffer.alloc(0)
      const isLeader = member.id === group.leaderId
      const listed = members.map(({ id, metadata }) => ({ memberId: id, memberMetadata: metadata }))
      member.joined!.resolve({
        ...{ generationId: group.generation, groupProtocol: group.protocol, leaderId: group.leaderId },
        ...{ memberId: member.id, members: isLeader ? listed : [] },
      } as never)
      member.joined = null
      this.#awaitExpiry(group, member)
    }
  }
}

function offsetsIn(topics: readonly OffsetsOf[]): [string, bigint][] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition, offset }): [string, bigint] => [`${topic}/${partition}`, BigInt(offset.toString())]),
  )
}
