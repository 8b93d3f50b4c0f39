import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { aDatabase, aName } from '../support/infrastructure.js'
import { spawnOutflow } from '../support/run-outflow.js'

test('retrain --wait states at once that no trainer runs, and waits for one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'outflow-retrain-'))
  const config = join(folder, 'outflow.yaml')
  await writeFile(
    config,
    JSON.stringify({
      pipeline: aName('pipeline'),
      kafka: { brokers: ['127.0.0.1:1'] },
      postgres: { url: await aDatabase() },
      source: { topics: ['parcels'] },
      features: [{ path: '$.grams', type: 'numeric' }],
      alerts: { topic: 'alerts' },
      deadLetters: { topic: 'dead' },
    }),
  )
  const waiting = spawnOutflow(['retrain', '--wait', '--config', config])
  try {
    const [line] = await once(waiting.stderr, 'data')
    expect(String(line)).toBe('waiting for the trainer: no trainer runs; start one: outflow run trainer\n')
    expect(waiting.exitCode).toBeNull()
  } finally {
    waiting.kill('SIGINT')
    await once(waiting, 'close')
    await rm(folder, { recursive: true })
  }
})
