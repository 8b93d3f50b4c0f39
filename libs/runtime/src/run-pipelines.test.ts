import type { Config } from '@outflow/contracts'
import { expect, test, vi } from 'vitest'
import type { Log } from './log.js'
import { runPipelines } from './run-pipelines.js'

const configs = ['flights', 'parcels'].map((pipeline) => ({ pipeline }) as Config)

function aLog() {
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn(), child: vi.fn() }
  const address = () => (log.info.mock.calls[0]![0] as { readonly address: string }).address
  return { log: log as unknown as Log, reported: log, address }
}

const untilAborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))

test('a failed pipeline leaves the others running and is listed by /readyz; its error is thrown at the end', async () => {
  const abort = new AbortController()
  const { log, reported, address } = aLog()
  const ended = vi.fn()
  const running = runPipelines({
    configs,
    log,
    address: { host: '127.0.0.1', port: 0 },
    run: async (pipeline) => {
      if (pipeline.config.pipeline === 'parcels') throw new Error('no such column')
      pipeline.vitals.check('ingest', 'kafka', () => ({ ok: true, detail: 'reads 3 partitions' }))
      await untilAborted(abort.signal)
      ended()
    },
  })
  running.catch(() => {})
  await vi.waitFor(() => expect(reported.error).toHaveBeenCalled())
  expect(reported.error).toHaveBeenCalledWith(expect.objectContaining({ pipeline: 'parcels' }), 'pipeline failed')
  const answer = await fetch(`${address()}/readyz`)
  expect(answer.status).toBe(503)
  expect(await answer.json()).toMatchObject({
    ready: false,
    pipelines: {
      flights: { ready: true },
      parcels: { ready: false, checks: { pipeline: { running: { detail: 'it has failed: no such column' } } } },
    },
  })
  expect(ended).not.toHaveBeenCalled()
  abort.abort()
  await expect(running).rejects.toThrow('no such column')
  expect(ended).toHaveBeenCalled()
})

test('ends when no pipeline is left', async () => {
  const { log } = aLog()
  const options = { configs, log, address: { host: '127.0.0.1', port: 0 } }
  await expect(runPipelines({ ...options, run: async () => Promise.reject(new Error('broken')) })).rejects.toThrow()
  await runPipelines({ ...options, run: async () => {} })
})
