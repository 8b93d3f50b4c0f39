// `npm run build:json-kernel` compiles libs/records/json-kernel to WebAssembly, and writes it into a module, so that it needs no file at run time.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const at = (path: string) => fileURLToPath(new URL(`../${path}`, import.meta.url))
export const MODULE = at('libs/records/src/formats/json/json-kernel.ts')

/** Compiles in a process of its own, because the compiler defines globals. @throws {Error} with the compiler's messages */
export function compiledModule(): string {
  const folder = mkdtempSync(join(tmpdir(), 'json-kernel-'))
  try {
    const wasm = join(folder, 'kernel.wasm')
    const [compiler, source] = [
      at('node_modules/assemblyscript/bin/asc.js'),
      at('libs/records/json-kernel/json-kernel.ts'),
    ]
    execFileSync(process.execPath, [compiler, source, '--outFile', wasm, '-O3', '--noAssert', '--runtime', 'stub'])
    return [
      '/** WebAssembly in base64, generated from json-kernel/json-kernel.ts by `npm run build:json-kernel`. */',
      'export const JSON_KERNEL =',
      `  '${readFileSync(wasm, 'base64')}'`,
      '',
    ].join('\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(MODULE, compiledModule())
