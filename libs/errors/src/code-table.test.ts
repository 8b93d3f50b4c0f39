import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))

function codesInSource(): string[] {
  const sources = ['libs', 'services', 'infra']
    .flatMap((folder) =>
      readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map((f) => `${folder}/${f}`),
    )
    .filter((file) => /\/src\/.*\.ts$/.test(file) && !/\.test\.ts$|node_modules/.test(file))
  const code = /readonly code(?::[^=]+)? = '(OUTFLOW_[A-Z0-9_]+)'/g
  return sources.flatMap((file) => [...readFileSync(`${root}${file}`, 'utf8').matchAll(code)].map((match) => match[1]!))
}

function codesInTable(): string[] {
  const readme = readFileSync(`${root}libs/errors/README.md`, 'utf8')
  return [...readme.matchAll(/^\| `(OUTFLOW_[A-Z0-9_]+)` +\|/gm)].map((match) => match[1]!)
}

it('lists every error code of the source in the table, each once, and no other', () => {
  expect(codesInTable().toSorted()).toEqual(codesInSource().toSorted())
})
