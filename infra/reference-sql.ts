import { readdirSync, readFileSync } from 'node:fs'
import { table } from './reference-schema.js'

const MIGRATIONS = new URL('../migrations/', import.meta.url)

/** The views of the schema `analyst` with their columns, as a page in Markdown, from the comments in the migrations. */
export function sqlReference(): readonly string[] {
  const views = new Map<string, View>()
  for (const { kind, name, text } of commentsOf(migrations())) {
    if (kind === 'view') views.set(name, { text, columns: [] })
    else {
      const [, view, column] = /^(.*)\.(.*)$/.exec(name)!
      views.get(view!)?.columns.push([`\`${column}\``, text])
    }
  }
  return [
    '# SQL views',
    '',
    'Generated from the comments of the migrations by `npm run docs:reference`; `\\d+ analyst.anomalies` shows them in psql.',
    '[Analysts](../guides/analysts.md) has examples.',
    '',
    ...table(
      ['view', 'contents'],
      Array.from(views, ([name, { text }]) => [`\`${name}\``, text]),
    ),
    ...[...views].flatMap(([name, { columns }]) => ['', `## ${name}`, '', ...table(['column', 'meaning'], columns)]),
  ]
}

interface View {
  readonly text: string
  /** Name and meaning of each column. */
  readonly columns: [string, string][]
}

function migrations(): string {
  const files = readdirSync(MIGRATIONS).filter((name) => name.endsWith('.sql'))
  return files
    .toSorted()
    .map((name) => readFileSync(new URL(name, MIGRATIONS), 'utf8'))
    .join('\n')
}

function* commentsOf(sql: string) {
  const comment = /comment on (view|column) (analyst\.[\w."]+) is\s+((?:'(?:[^']|'')*'\s*)+);/g
  for (const [, kind, name, literals] of sql.matchAll(comment)) {
    // SQL concatenates string literals on consecutive lines.
    const text = literals!
      .replaceAll(/'\s*\n\s*'/g, '')
      .trim()
      .slice(1, -1)
      .replaceAll("''", "'")
    yield { kind: kind as 'view' | 'column', name: name!.replaceAll('"', ''), text }
  }
}
