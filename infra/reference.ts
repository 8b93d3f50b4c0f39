// `npm run docs:reference` writes the pages of docs/reference that are generated.
import { writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { commandReference } from './reference-commands.js'
import { configurationReference } from './reference-configuration.js'
import { sqlReference } from './reference-sql.js'

/** File of each generated page, and what it is to hold. */
export async function generatedPages(): Promise<ReadonlyMap<string, string>> {
  const page = (name: string) => fileURLToPath(new URL(`../docs/reference/${name}.md`, import.meta.url))
  return new Map([
    [page('configuration-keys'), configurationReference()],
    [page('command-options'), await commandReference()],
    [page('sql'), sqlReference()],
  ])
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  for (const [file, text] of await generatedPages()) writeFileSync(file, text)
}
