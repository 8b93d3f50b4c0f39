import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { documentWith } from './config-with.js'
import { aFolder } from './infrastructure.js'

/** Writes outflow.yaml for a pipeline with one number, into a folder of its own, and returns its path. @param parts  replace the defaults */
export async function aConfigFile(parts: object): Promise<string> {
  const file = join(await aFolder(), 'outflow.yaml') // JSON is YAML
  await writeFile(file, JSON.stringify(documentWith(parts)))
  return file
}
