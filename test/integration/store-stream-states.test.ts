import { loadWindowStates, storedFdrState, storedPositions, writeBatch } from '@outflow/store/batch'
import { describe, expect, it } from 'vitest'
import { pool } from '../support/a-pool.js'
import { beginPartition } from '../support/begin-partition.js'
import { DAY_MS, retain } from '../support/retain.js'
import { aBatch, aPipeline, TOPIC } from '../support/stored-batches.js'

/** The partition at its stored offset. */
async function partitionOf(pipeline: string) {
  const { nextOffset } = (await storedPositions(pool, { pipeline, topic: TOPIC })).get(0)!
  return { pipeline, topic: TOPIC, partition: 0, nextOffset }
}

describe('window states', () => {
  const entities = ['LAX', 'JFK', 'SFO'].map((entity) => ({ by: 'key', entity }))
  const stateOf = (entity: string, ...bytes: number[]) => ({ by: 'key', entity, state: Uint8Array.from(bytes) })
  const load = async (pipeline: string) => {
    const { nextOffset } = (await storedPositions(pool, { pipeline, topic: TOPIC })).get(0)!
    const states = await loadWindowStates(pool, { pipeline, topic: TOPIC, partition: 0, nextOffset }, entities)
    return states.map(({ by, entity, state }) => [by, entity, [...state]]).toSorted()
  }

  it('are stored with the offset, and only with it', async () => {
    const pipeline = await aPipeline()
    const windowStates = [stateOf('LAX', 1, 2, 255), stateOf('JFK', 3)]
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 3n), windowStates })
    await writeBatch(pool, { ...aBatch(pipeline, 3n, 6n), windowStates: [stateOf('JFK', 4)] })
    expect(await load(pipeline)).toEqual([
      ['key', 'JFK', [4]],
      ['key', 'LAX', [1, 2, 255]],
    ])

    const late = { ...aBatch(pipeline, 3n, 9n), windowStates: [stateOf('JFK', 9), stateOf('SFO', 9)] }
    expect(await writeBatch(pool, late)).toBe('superseded')
    expect((await load(pipeline)).map(([, , bytes]) => bytes)).toEqual([[4], [1, 2, 255]])
  })

  it('and that of false-discovery control are deleted with their offsets: the pipeline starts again', async () => {
    const pipeline = await aPipeline()
    const fdrState = { fdr: 0.1, tested: 3, first: null, later: [] }
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 3n), windowStates: [stateOf('LAX', 1)], fdrState })
    await pool.query('delete from outflow.offsets where pipeline = $1', [pipeline])
    await beginPartition(pool, { pipeline, topic: TOPIC })
    expect(await load(pipeline)).toEqual([])
    expect(await storedFdrState(pool, await partitionOf(pipeline))).toBeNull()
  })

  it('are deleted when their entity has no more records while the partition advances, but not while the partition is idle', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 3n), windowStates: [stateOf('LAX', 1), stateOf('JFK', 1)] })
    const longAgo = "set updated_at = updated_at - interval '2 h' where pipeline = $1"
    await pool.query(`update outflow.window_states ${longAgo}`, [pipeline])
    await pool.query(`update outflow.offsets ${longAgo}`, [pipeline])
    await retain(pool, pipeline, { topics: [TOPIC], windowStatesMs: 3_600_000 })
    expect(await load(pipeline)).toHaveLength(2)

    await writeBatch(pool, { ...aBatch(pipeline, 3n, 6n), windowStates: [stateOf('LAX', 2)] })
    await retain(pool, pipeline, { topics: [TOPIC], windowStatesMs: 3_600_000 })
    expect(await load(pipeline)).toEqual([['key', 'LAX', [2]]])
  })

  it('are deleted a day after the last windowed feature or the topic was removed (keys of entities stayed for ever)', async () => {
    const pipeline = await aPipeline()
    await writeBatch(pool, { ...aBatch(pipeline, 0n, 3n), windowStates: [stateOf('LAX', 1)] })
    await retain(pool, pipeline)
    expect(await load(pipeline)).toHaveLength(1)
    await pool.query("update outflow.window_states set updated_at = updated_at - interval '25 h' where pipeline = $1", [
      pipeline,
    ])
    await retain(pool, pipeline, { windowStatesMs: 2 * DAY_MS })
    expect(await load(pipeline)).toHaveLength(1)
    await retain(pool, pipeline)
    expect(await load(pipeline)).toEqual([])
  })
})
