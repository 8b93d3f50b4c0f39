// `npm run build:json-kernel` compiles libs/records/json-kernel to WebAssembly, and writes it into a module, so that it needs no file at run time.
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import asc from 'assemblyscript/asc'

const SOURCE = 'json-kernel.ts'
export const MODULE = new URL('../libs/records/src/formats/json-kernel.ts', import.meta.url)

/** @throws {Error} with the compiler's messages */
export async function compiledModule(): Promise<string> {
  const folder = new URL('../libs/records/json-kernel/', import.meta.url)
  const files = new Map<string, string | Uint8Array>()
  const { error, stderr } = await asc.main(
    [SOURCE, '--outFile', 'out.wasm', '-O3', '--noAssert', '--runtime', 'stub'],
    {
      readFile: (name) => (name === SOURCE ? readFileSync(new URL(name, folder), 'utf8') : null),
      writeFile: (name, contents) => void files.set(name, contents),
      listFiles: () => [],
    },
  )
  if (error) throw new Error(`${error.message}\n${stderr}`)
  const base64 = Buffer.from(files.get('out.wasm') as Uint8Array).toString('base64')
  return `/** WebAssembly in base64, generated from json-kernel/${SOURCE} by \`npm run build:json-kernel\`. */\nexport const JSON_KERNEL =\n  '${base64}'\n`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(MODULE, await compiledModule())
