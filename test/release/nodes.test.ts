import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { NODES, nodeBinary } from '../support/nodes.js'
import { runToEnd } from '../support/run-outflow.js'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Tests of parts that differ between Node releases: native addons, WebAssembly, streams, HTTP, threads, arithmetic. */
const SENSITIVE = [
  ...['libs/flow/src/tensor', 'libs/flow/src/bijectors', 'libs/flow/src/scoring', 'libs/records', 'libs/streams'],
  ...['libs/runtime', 'libs/terminal', 'services/console/src'],
]

it.each(NODES)('unit tests pass on Node %s', async (version) => {
  const vitest = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'infra/vitest.config.ts', '--project', 'unit*']
  // Vitest sets these variables in its workers; a nested run must not inherit them.
  const env = { VITEST: '', VITEST_WORKER_ID: '', VITEST_POOL_ID: '' }
  const ran = await runToEnd(await nodeBinary(version), [...vitest, ...SENSITIVE], { cwd: root, env })
  expect(ran.code, ran.stdout + ran.stderr).toBe(0)
  expect(ran.stdout).toMatch(/^\d{3,} passed, 0 failed$/m)
})
