import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { aConfigFile } from '../support/config-file.js'
import { aCutPostgres } from '../support/cut-postgres.js'
import { eventually } from '../support/eventually.js'
import { aDatabase, aName } from '../support/infrastructure.js'
import { spawnOutflow } from '../support/run-outflow.js'

test('retrain --wait states at once that no trainer runs and that the request is kept, and waits for one', async () => {
  const config = await aConfigFile({ pipeline: aName('pipeline'), postgres: { url: await aDatabase() } })
  const waiting = spawnOutflow(['retrain', '--wait', '--config', config])
  try {
    const [line] = await once(waiting.stderr, 'data')
    expect(String(line)).toBe(
      'request 1 is queued, and is kept after Ctrl-C; waiting for the trainer: no trainer runs; start one: outflow run trainer\n',
    )
    expect(waiting.exitCode).toBeNull()
  } finally {
    waiting.kill('SIGINT')
    await once(waiting, 'close')
  }
})

test('retrain --wait waits while Postgres is unavailable', async () => {
  let isDown = false
  const url = await aCutPostgres(await aDatabase(), () => isDown)
  const config = await aConfigFile({ pipeline: aName('pipeline'), postgres: { url } })
  const waiting = spawnOutflow(['retrain', '--wait', '--config', config])
  const closed = once(waiting, 'close')
  const lines: string[] = []
  createInterface(waiting.stderr).on('line', (line) => lines.push(line))
  try {
    await eventually(() => lines.length === 1, { what: 'the fit is awaited' })
    isDown = true
    await eventually(() => lines[1]?.startsWith('Postgres is not available: '), {
      what: 'the interruption is reported',
    })
    expect(waiting.exitCode).toBeNull()
  } finally {
    waiting.kill('SIGINT')
    await closed
  }
})
