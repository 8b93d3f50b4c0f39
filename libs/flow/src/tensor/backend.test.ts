import { createRequire } from 'node:module'
import { getBackend } from '@tensorflow/tfjs-core'
import { expect, it } from 'vitest'
import { openBackend } from './backend.js'
import { onEachBackend } from './on-each-backend.js'

await onEachBackend('a process', (backend) => {
  it('computes on the backend that was opened, and returns its version', async () => {
    const { name, version } = await openBackend(backend)
    expect(name).toBe(backend)
    expect(version).toMatch(/^4\./)
    expect(getBackend()).toBe(backend === 'wasm' ? 'wasm' : 'tensorflow')
  })

  it('has loaded one copy of tfjs-core', () => {
    const { cache } = createRequire(import.meta.url)
    const copies = Object.keys(cache).filter((file) => /tfjs-core[\\/]dist[\\/]tf-core\.node\.js$/.test(file))
    expect(copies).toHaveLength(1)
  })

  it('keeps no crash handler of the wasm module', () => {
    const handlers = [...process.rawListeners('uncaughtException'), ...process.rawListeners('unhandledRejection')]
    expect(handlers.map(String).filter((source) => /ExitStatus|throw reason/.test(source))).toEqual([])
  })
})

it('opens tfjs-node if none is requested, or wasm where it does not load', async () => {
  const native = await openBackend('tfjs-node').catch(() => null)
  expect((await openBackend()).name).toBe(native === null ? 'wasm' : 'tfjs-node')
})
