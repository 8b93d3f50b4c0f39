import { readFile } from 'node:fs/promises'
import { type Config, parseConfig } from '@outflow/contracts'
import { LineCounter, parseDocument } from 'yaml'
import { ConfigSyntaxError, ConfigUnreadable } from './errors.js'

/**
 * Gives the configuration that a file states: YAML 1.2, `${NAME}` taken from the environment, defaults filled in.
 *
 * @param path         the file, such as `outflow.yaml`
 * @param environment  where `${NAME}` is looked up; default: the process's environment
 * @throws {ConfigUnreadable}   when there is no such file or it may not be read
 * @throws {ConfigSyntaxError}  when it is not YAML, naming file, line and column
 * @throws {ConfigInvalid}      when a key is wrong, naming each one
 */
export async function loadConfig(
  path: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Config> {
  return parseConfig(parseYaml(await readText(path), path), environment)
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause: unknown) {
    const why = (cause as NodeJS.ErrnoException).code
    const mend =
      why === 'ENOENT'
        ? 'there is no such file; name yours with --config, or write one with "outflow init"'
        : `${why ?? String(cause)}; check that it is a file and that this user may read it`
    throw new ConfigUnreadable(`can not read the configuration ${path}: ${mend}`, { cause, values: { path } })
  }
}

function parseYaml(text: string, path: string): unknown {
  const lineCounter = new LineCounter()
  const document = parseDocument(text, { lineCounter, prettyErrors: false })
  const problem = document.errors[0]
  if (problem === undefined) return document.toJS()
  const { line, col } = lineCounter.linePos(problem.pos[0])
  const shown = text.split('\n')[line - 1]?.trim() ?? ''
  throw new ConfigSyntaxError(
    `${path}, line ${line}, column ${col}: ${problem.message}. The line reads "${shown}"; ${mendOf(shown)}`,
    { cause: problem, values: { path, line, column: col } },
  )
}

function mendOf(line: string): string {
  if (/[{[].*\$\{/.test(line)) return 'inside { } or [ ] a ${NAME} must stand in quotes'
  if (line.includes('\t')) return 'YAML is indented by spaces, not by tabs'
  return 'check its indentation, quotes and brackets'
}
