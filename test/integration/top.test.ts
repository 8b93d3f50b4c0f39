import { once } from 'node:events'
import { expect, test } from 'vitest'
import { url } from '../support/a-pool.js'
import { aConfigFile } from '../support/config-file.js'
import { aCutPostgres } from '../support/cut-postgres.js'
import { eventually } from '../support/eventually.js'
import { aName, kafkaBrokers } from '../support/infrastructure.js'
import { spawnOutflow } from '../support/run-outflow.js'

test('top states that Postgres is unavailable, and continues when it answers again', async () => {
  let isDown = false
  const config = await aConfigFile({
    pipeline: aName('pipeline'),
    kafka: { brokers: kafkaBrokers() },
    postgres: { url: await aCutPostgres(url, () => isDown) },
  })
  const top = spawnOutflow(['top', '--config', config])
  let printed = ''
  top.stdout.on('data', (text) => {
    printed += String(text)
  })
  const drawings = () => printed.split('records/s, 2 s a bar').length - 1
  try {
    await eventually(() => drawings() > 0, { what: 'the state is drawn' })
    isDown = true
    await eventually(() => printed.includes('\nPostgres is not available: '), { what: 'the interruption is drawn' })
    isDown = false
    const before = drawings()
    await eventually(() => drawings() > before, { what: 'the state is drawn again' })
  } finally {
    top.kill('SIGINT')
  }
  expect(await once(top, 'close')).toEqual([0, null])
})
