import type { EntityName, EntityState, Feature, ModelMetadata } from '@outflow/contracts'
import { retrying } from '@outflow/errors/retrying'
import {
  makeWindowStates,
  planWindows,
  rowFiller,
  type WindowPlan,
  type WindowStates,
  windowPlaces,
  withWindowsOf,
} from '@outflow/records'
import { type Delivery, partitionKeyOf } from '@outflow/streams'
import type { ReadBatch } from '../batch.js'
import type { IngestTelemetry } from '../telemetry.js'

export interface ObserveOptions {
  readonly features: readonly Feature[]
  /** Returns the states of a partition's entities that are stored with the delivery's `expectedOffset`. @throws {PositionMoved} */
  readonly load: (at: Delivery, entities: readonly EntityName[]) => Promise<readonly EntityState[]>
  readonly telemetry: Pick<IngestTelemetry, 'windowStatesAwaited' | 'windowStatesUsed'>
  readonly signal: AbortSignal
  /** Memory for the entities of all assigned partitions, which share it equally, bytes; default: MAX_BYTES. */
  readonly maxBytes?: number
}

/**
 * Enough for some hundred thousand entities with a window or two; others are loaded when their records arrive. With a bound for each
 * partition instead, 200 partitions needed gigabytes.
 */
const MAX_BYTES = 128 * 1024 ** 2

type Partition = Pick<Delivery, 'topic' | 'partition'>

interface Memory {
  readonly states: WindowStates
  /** The features whose windows the states count. */
  readonly counted: readonly Feature[]
  /** The offset that the states belong to; the next delivery must continue there. */
  offset: bigint
}

/**
 * Returns the step that computes windowed features, of the configuration and of the model, with the events of the group's partitions.
 *
 * The store has each entity's state at the partition's stored offset, and memory is a partial copy of it. A delivery that does not
 * continue at memory's offset (after a rebalance, a crash, or a write by another instance) loads states from the store. A
 * record therefore gets the same features each time it is read.
 */
export function observeWith(options: ObserveOptions) {
  const { features, load, telemetry, signal, maxBytes = MAX_BYTES } = options
  const memories = new Map<string, Memory>()
  let assignedCount = 1
  const windows = new WeakMap<ModelMetadata, ReturnType<typeof windowsFor>>()

  const windowsOf = ({ detector: { metadata } }: ReadBatch['model']) => {
    const found = windows.get(metadata) ?? windowsFor(metadata, features)
    windows.set(metadata, found)
    return found
  }

  const memoryOf = (
    { partitionKey, expectedOffset }: Delivery,
    counted: readonly Feature[],
    plan: WindowPlan,
  ): Memory => {
    const known = memories.get(partitionKey)
    if (known !== undefined && known.offset === expectedOffset && known.counted === counted) return known
    const created: Memory = {
      states: makeWindowStates(plan, { maxBytes: maxBytes / assignedCount }),
      counted,
      offset: expectedOffset,
    }
    memories.set(partitionKey, created)
    return created
  }

  return {
    /** Writes windowed features into the batch's fields in place, and adds the changed window states to the batch. */
    observe: async (batch: ReadBatch): Promise<ReadBatch> => {
      const { delivery, model, observations } = batch
      const { counted, plan, fill } = windowsOf(model)
      if (plan === null) return batch
      const memory = memoryOf(delivery, counted, plan)
      const { states } = memory
      const absent = states.absent(observations)
      if (absent.length > 0) {
        const loaded = await retrying(() => load(delivery, absent), {
          signal,
          onRetry: (...retry) => telemetry.windowStatesAwaited(delivery, ...retry),
        })
        states.put(loaded)
      }
      // Set first: a record that causes an error leaves the states half changed, and no delivery at its offset may use them.
      memory.offset = delivery.nextOffset
      const { count, numbers } = batch.fields
      const width = numbers.length / count
      observations.forEach((observation, index) => {
        fill(numbers, index * width, states.observe(observation))
      })
      const windowStates = states.changed()
      telemetry.windowStatesUsed(states.settle())
      return { ...batch, windowStates }
    },
    /** Partitions are read from their stored offsets: their states in memory are no longer valid. */
    sought: (partitions: readonly Partition[]) => {
      for (const partition of partitions) memories.delete(partitionKeyOf(partition))
    },
    /** Exactly these partitions are assigned to this member now; each is then sought. */
    assigned: (partitions: readonly Partition[]) => {
      assignedCount = partitions.length
      const ours = new Set(partitions.map(partitionKeyOf))
      for (const key of memories.keys()) if (!ours.has(key)) memories.delete(key)
    },
  }
}

function windowsFor({ features: ofModel }: ModelMetadata, features: readonly Feature[]) {
  const counted = withWindowsOf(ofModel, features)
  return { counted, plan: planWindows(counted), fill: rowFiller(ofModel, windowPlaces(ofModel, counted)) }
}
