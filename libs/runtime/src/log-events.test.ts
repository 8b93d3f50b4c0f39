import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const reference = readFileSync(`${root}docs/reference/telemetry.md`, 'utf8')
const source = [
  'libs/runtime',
  'libs/streams',
  'services/ingest',
  'services/trainer',
  'services/alerts',
  'services/console',
]
  .flatMap((folder) =>
    readdirSync(`${root}${folder}/src`, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/src/${file}`),
  )
  .filter((file) => /\.ts$/.test(file) && !/(\.test|builders)\.ts$/.test(file))
  .map((file) => readFileSync(`${root}${file}`, 'utf8'))
  .join('\n')

const namesIn = (text: string, pattern: RegExp) =>
  [...new Set([...text.matchAll(pattern)].map(([, name]) => name!))].toSorted()

test('every event of the source is in the table with its level, and no other', () => {
  const inSource = namesIn(source, /\blog\.((?:debug|info|warn|error)\((?:[^']*,\s*)?'[a-z ]+')/g).map((call) =>
    call.replace(/\(.*'([a-z ]+)'$/s, ' $1'),
  )
  const inTable = [...reference.matchAll(/^\| `([a-z ]+)`\s+\| ([a-z, ]+?)\s+\|/gm)].flatMap(([, event, levels]) =>
    levels!.split(', ').map((level) => `${level} ${event}`),
  )
  expect(inTable.toSorted()).toEqual([...new Set(inSource)].toSorted())
})
