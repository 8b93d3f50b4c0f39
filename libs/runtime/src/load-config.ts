import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Config, ConfigInvalid, type Connection, parseConfig, parseConnection } from '@outflow/contracts'
import { type Document, LineCounter, parseDocument, visit } from 'yaml'
import { locateConnectionFiles, locateSourceFiles } from './connection-files.js'

/**
 * Reads a configuration file: YAML 1.2, `${NAME}` replaced from the environment, defaults filled in, the files of certificates
 * and secrets located and checked.
 *
 * @param path         the file, such as `outflow.yaml`
 * @param environment  where `${NAME}` is looked up; default: the process's environment
 * @throws {ConfigInvalid} when it cannot be read, is not YAML, or keys or the files that they name are wrong; the message names each problem
 */
export async function loadConfig(
  path: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<Config> {
  const config = parseConfig(await loadDocument(path), environment, path)
  return locateConnectionFiles(config, dirname(resolve(path)))
}

/**
 * Reads a YAML file without checking its keys.
 *
 * @throws {ConfigInvalid} when it cannot be read or is not YAML
 */
export async function loadDocument(path: string): Promise<unknown> {
  return parseYaml(await readText(path), path)
}

/**
 * Checks the part of a configuration that is needed to read a topic (`kafka`, `source.format`, `source.csv`, `source.registry`), and
 * locates its files.
 *
 * @param path  file of the document, or its name in errors; files that it names are relative to its folder
 * @throws {ConfigInvalid} when keys, or files that they name, are wrong; the message names each
 */
export async function openConnection(
  document: unknown,
  { environment, path }: { readonly environment: Readonly<Record<string, string | undefined>>; readonly path: string },
): Promise<Connection> {
  return locateSourceFiles(parseConnection(document, environment, path), dirname(resolve(path)))
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause: unknown) {
    const why = (cause as NodeJS.ErrnoException).code
    const fix =
      why === 'ENOENT'
        ? 'there is no such file; name yours with --config, or write one with "outflow init"'
        : `${why ?? String(cause)}; check that it is a file and that this user may read it`
    throw new ConfigInvalid(`cannot read the configuration ${path}: ${fix}`, { cause, values: { path } })
  }
}

function parseYaml(text: string, path: string): unknown {
  const lineCounter = new LineCounter()
  // At another level the parser warns of a mapping whose key is a collection, and quotes the key, which may be a secret.
  const document = parseDocument(text, { lineCounter, prettyErrors: false, logLevel: 'error' })
  const problem = document.errors[0]
  if (problem === undefined) return toPlain(document, path)
  const { line, col } = lineCounter.linePos(problem.pos[0])
  const shown = text.split('\n')[line - 1]?.trim() ?? ''
  const place = `${path}, line ${line}, column ${col}`
  if (problem.code === 'MULTIPLE_DOCS') {
    throw new ConfigInvalid(
      `${place}: a second YAML document begins, and a configuration is one; remove "---", or write a file for each pipeline`,
      { values: { path, line, column: col } },
    )
  }
  // The parser's message quotes the invalid text, which may be a secret.
  const detail = MAY_HOLD_SECRET.test(shown)
    ? `${problem.code}. The line is not shown, because it may contain a secret`
    : `${problem.message}. The line: "${shown.slice(0, MOST_SHOWN).toWellFormed()}"`
  throw new ConfigInvalid(`${place}: ${detail}; ${fixOf(shown)}`, { values: { path, line, column: col } })
}

/** Characters; a line of another file, such as a model's, can have thousands. */
const MOST_SHOWN = 200

/** Resolves aliases. The parser's own message is not used, because it quotes a secret that begins with an asterisk. */
function toPlain(document: Document.Parsed, path: string): unknown {
  let plain: unknown
  try {
    plain = document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch {
    const problem = hasAliasWithoutAnchor(document)
      ? 'an alias without an anchor; quote text that begins with *'
      : `its aliases repeat too much, an anchor over ${MAX_ALIASES} times; write it with fewer aliases`
    throw new ConfigInvalid(`${path}: ${problem}`, { values: { path } })
  }
  if (containsItself(plain)) {
    throw new ConfigInvalid(`${path}: an alias is inside its own anchor; remove it`, {
      values: { path },
    })
  }
  return plain
}

/** An alias repeats also those in its anchor: ten lists of ten aliases of each other would expand to more than fits into memory. */
const MAX_ALIASES = 10_000

function hasAliasWithoutAnchor(document: Document.Parsed): boolean {
  let isMissing = false
  visit(document, {
    Alias: (_, alias) => {
      isMissing ||= alias.resolve(document) === undefined
    },
  })
  return isMissing
}

/** Whether an object contains itself, directly or in a nested value. */
function containsItself(value: unknown, ancestors: readonly unknown[] = []): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (ancestors.includes(value)) return true
  const within = [...ancestors, value]
  return Object.values(value).some((inner) => containsItself(inner, within))
}

const MAY_HOLD_SECRET = /password|secret|sasl|url|:\/\//i

function fixOf(line: string): string {
  if (/[{[].*\$\{/.test(line)) return 'inside { } or [ ] quote ${NAME}'
  if (line.includes('\t')) return 'YAML is indented by spaces, not by tabs'
  return 'check its indentation, quotes and brackets'
}
