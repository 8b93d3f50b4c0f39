import ts from 'typescript'
import { nodesBelow, sourcesWith } from './sources.js'

/** Every error code with its meaning and what to do, as a page in Markdown, from the comments of the error classes. */
export function errorReference(): readonly string[] {
  const errors = sourcesWith("= 'OUTFLOW_")
    .flatMap((source) => [...nodesBelow(source, ts.isClassDeclaration)])
    .flatMap((declaration) => errorOf(declaration) ?? [])
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
  const duplicate = errors.find(({ code }, at) => errors[at + 1]?.code === code)
  if (duplicate !== undefined) throw new Error(`two classes have the code ${duplicate.code}; give one of them another`)
  return [
    '# Error codes',
    '',
    'Generated from the error classes by `npm run docs:reference`. A log line has the code as `error.code`. A service retries an error that is',
    'retryable; any other one stops it before an offset moves. A record that cannot be processed is not an error: it becomes a',
    '[dead letter](../guides/dead-letters.md).',
    ...errors.flatMap(({ code, retryable, meaning, fix }) => [
      '',
      `## \`${code}\``,
      '',
      `${meaning}${retryable ? ' Retryable.' : ''} **What to do:** ${fix}`,
    ]),
  ]
}

/** null for a class without a code of its own. */
function errorOf(declaration: ts.ClassDeclaration) {
  const code = initializerOf(declaration, 'code')
  if (code === undefined || !ts.isStringLiteral(code)) return null
  const [comment] = declaration.getChildren().filter(ts.isJSDoc)
  const meaning = ts.getTextOfJSDocComment(comment?.comment)?.split('\n\n')[0]
  const tag = ts.getJSDocTags(declaration).find(({ tagName }) => tagName.text === 'fix')
  const fix = ts.getTextOfJSDocComment(tag?.comment)
  if (!meaning || !fix) throw new Error(`the class of ${code.text} needs a comment that states its meaning, and @fix`)
  const retryable = initializerOf(declaration, 'retryable')?.kind === ts.SyntaxKind.TrueKeyword
  return { code: code.text, retryable, meaning, fix }
}

function initializerOf(declaration: ts.ClassDeclaration, name: string): ts.Expression | undefined {
  return declaration.members.filter(ts.isPropertyDeclaration).find((member) => member.name.getText() === name)
    ?.initializer
}
