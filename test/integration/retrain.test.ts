import { once } from 'node:events'
import { expect, test } from 'vitest'
import { aConfigFile } from '../support/config-file.js'
import { aDatabase, aName } from '../support/infrastructure.js'
import { spawnOutflow } from '../support/run-outflow.js'

test('retrain --wait states at once that no trainer runs, and waits for one', async () => {
  const config = await aConfigFile({ pipeline: aName('pipeline'), postgres: { url: await aDatabase() } })
  const waiting = spawnOutflow(['retrain', '--wait', '--config', config])
  try {
    const [line] = await once(waiting.stderr, 'data')
    expect(String(line)).toBe('waiting for the trainer: no trainer runs; start one: outflow run trainer\n')
    expect(waiting.exitCode).toBeNull()
  } finally {
    waiting.kill('SIGINT')
    await once(waiting, 'close')
  }
})
