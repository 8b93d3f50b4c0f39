import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compiledModule, MODULE } from './json-kernel.js'

test('the committed WebAssembly is that of its source; npm run build:json-kernel compiles it', () => {
  expect(readFileSync(MODULE, 'utf8')).toBe(compiledModule())
})
