import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { expectEverythingOnce } from '../support/audit.js'
import { eventually } from '../support/eventually.js'
import { aParcelPipeline } from '../support/parcel-pipeline.js'
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
  const fit = await eventually(() => fitProcessOf(killed.pid), { what: 'the fit has a process' })
  await killed.kill()
  await eventually(() => hasEnded(fit), { what: 'the fit has ended', withinMs: 5_000 })
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

async function fitProcessOf(pid: number): Promise<number | undefined> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'))
    .split(' ')
    .filter((child) => child !== '')
  for (const child of children) {
    const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '')
    if (command.includes('fit-process')) return Number(child)
  }
  return undefined
}

/** Whether a process has ended, or is a zombie where process 1 does not reap it. */
async function hasEnded(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return status === null || / Z /.test(status.slice(status.lastIndexOf(')')))
}
