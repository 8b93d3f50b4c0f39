import type { ModelMetadata } from '@outflow/contracts'
import { writeBatch } from '@outflow/store/batch'
import { insertModel, promoteModel } from '@outflow/store/models'
import { minuteScores } from '@outflow/store/statistics'
import { endFit, startFit } from '@outflow/store/training'
import { afterAll, beforeAll } from 'vitest'
import { type Answer, aConsole, type ConsoleUnderTest, withTokens } from './a-console.js'
import { pool, url } from './a-pool.js'
import { beginPartition, NO_ROWS } from './begin-partition.js'
import { aFitReport, aFlowFit, aGateReport } from './reports.js'
import { storeAnomalies } from './stored-anomalies.js'

export const PIPELINE = 'flights'
export const ANOMALY = `/api/anomalies/${encodeURIComponent('flights/flights/1/7')}`
const TOKENS = { reader: 'a-reader-token', analyst: 'an-analyst-token', operator: 'an-operator-token' } as const
export const NOW = Date.now()

/** Shared by the test file: a console with a token for each role, on the database of a-pool.ts. */
export let console: ConsoleUnderTest

beforeAll(async () => {
  await storeAnomalies(pool, { pipeline: PIPELINE, count: 400 })
  await storeStatistics()
  await storeModels()
  console = await aConsole({ databaseUrl: url, pipeline: PIPELINE, console: withTokens(TOKENS) })
})

afterAll(() => console.close())

export const ask = (path: string): Promise<Answer> => console.ask(path, { token: TOKENS.reader })
export const send = (method: string, path: string, role: keyof typeof TOKENS, body?: object): Promise<Answer> =>
  console.ask(path, { method, token: TOKENS[role], ...(body && { body: JSON.stringify(body) }) })

async function storeStatistics(): Promise<void> {
  const nll = Array.from({ length: 1_000 }, (_, i) => i)
  const anomalies = nll.map((value) => (value >= 990 ? 1 : 0))
  const minute = Math.floor((NOW - 10 * 60_000) / 60_000) * 60_000
  const deadLetters = [0n, 1n, 2n].map((offset) => ({
    offset: 1_000n + offset,
    recordTimeMs: minute,
    reason: 'empty' as const,
    detail: 'no value',
    key: null,
    value: null,
  }))
  for (const [partition, at] of [minute, minute + 60_000].entries()) {
    const rejected = partition === 0 ? deadLetters : []
    await beginPartition(pool, { pipeline: PIPELINE, topic: 'flights', partition })
    await writeBatch(pool, {
      ...{ pipeline: PIPELINE, topic: 'flights', partition, expectedOffset: 0n },
      nextOffset: 1_000n + BigInt(rejected.length),
      ...{ ...NO_ROWS, received: 1_000 + rejected.length, scored: 1_000, deadLetters: rejected },
      scores: minuteScores(
        'model-1',
        nll.map(() => at),
        nll,
        anomalies,
        nll.map(() => 0.5),
      ),
    })
  }
}

async function storeModels(): Promise<void> {
  for (const id of ['model-0', 'model-1']) {
    const artefact = Buffer.from(`no model, ${id}`)
    // As if written by a later version of outflow: its metadata are unknown here, and its artefact is not opened.
    const metadata = {} as ModelMetadata
    await insertModel(pool, { pipeline: PIPELINE, id, artefact, metadata, metrics: aGateReport(), parentId: null })
    await promoteModel(pool, { pipeline: PIPELINE, id, by: 'test', why: 'to begin with' })
  }
  const report = aFitReport({ seed: 7, fit: aFlowFit(), gate: aGateReport() })
  const id = await startFit(pool, { pipeline: PIPELINE, because: 'schedule', incumbentId: 'model-0', report })
  await endFit(pool, { id, modelId: 'model-1', report, state: 'promoted' })
}
