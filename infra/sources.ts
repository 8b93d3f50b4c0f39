import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('..', import.meta.url))

/** The source files of libs, services and the launcher that contain `text`, without tests, parsed; `fileName` is relative to the root. */
export function sourcesWith(text: string): readonly ts.SourceFile[] {
  return ['libs', 'services', 'infra/launcher']
    .flatMap((folder) =>
      readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
    )
    .filter((file) => /\/src\/.*\.ts$/.test(file) && !/\.test\.ts$|node_modules/.test(file))
    .toSorted()
    .map((file) => [file, readFileSync(`${root}${file}`, 'utf8')] as const)
    .filter(([, source]) => source.includes(text))
    .map(([file, source]) => ts.createSourceFile(file, source, ts.ScriptTarget.Latest, true))
}

/** Every node of a kind below another one, in the order of the source. */
export function* nodesBelow<N extends ts.Node>(parent: ts.Node, isWanted: (node: ts.Node) => node is N): Generator<N> {
  for (const node of parent.getChildren()) {
    if (isWanted(node)) yield node
    yield* nodesBelow(node, isWanted)
  }
}
