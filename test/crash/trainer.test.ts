import { expect, test } from 'vitest'
import { expectEverythingOnce } from '../support/audit.js'
import { eventually } from '../support/eventually.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
import { childOf, isAlive } from '../support/running-processes.js'
import { startService } from '../support/service-process.js'

// Reads /proc to find the child process of a fit.
test('a fit ends with its trainer; the next trainer fits the first model, and no record is lost', async ({ skip }) => {
  if (process.platform !== 'linux') skip('it reads /proc, which only Linux has')
  const pipeline = await aParcelPipeline()
  startService('alerts', pipeline.configFile)
  const ingest = startService('ingest', pipeline.configFile)
  const feed = pipeline.feed(31)
  const killed = startService('trainer', pipeline.configFile)
  await killed.logged('fit started')
  const fit = await eventually(() => childOf(killed.pid, 'fit-process'), { what: 'the fit has a process' })
  await killed.kill()
  await eventually(() => !isAlive(fit), { what: 'the fit has ended', withinMs: 5_000 })
  expect(await pipeline.stored()).toBe(0)

  const drained = startService('trainer', pipeline.configFile)
  await drained.logged('fit started')
  const { code, tookMs } = await drained.terminate()
  expect(code).toBe(0)
  expect(tookMs).toBeLessThan(10_000)

  const trainer = startService('trainer', pipeline.configFile)
  const { modelId } = await trainer.logged('model promoted')
  // The audit compares the whole stream with one model. Left running, the trainer would start another fit after twice the records.
  await trainer.terminate()
  expect(await ingest.logged('model served')).toMatchObject({ modelId })
  await pipeline.untilStoredMore(3_000)
  await feed.stop()
  await expectEverythingOnce(pipeline)
})
