import { z } from 'zod'
import { ConfigInvalid } from '../errors.js'
import { type Config, type Connection, configSchema, connectionSchema } from './config.js'
import { didYouMean } from './did-you-mean.js'
import { keysAt } from './keys-at.js'

/**
 * The configuration in a parsed YAML document, with defaults filled in and `${NAME}` replaced by the environment's value in
 * every string.
 *
 * @param document     output of the YAML parser
 * @param environment  where `${NAME}` is looked up
 * @param file         name of the document in errors
 * @throws {ConfigInvalid} with the file and, for every key that is wrong, the value found and what is allowed
 */
export function parseConfig(document: unknown, environment: Environment, file = 'outflow.yaml'): Config {
  return withWindowDefaults(parseBy(configSchema, document, environment, file))
}

/**
 * The connection in a parsed YAML document: an outflow.yaml, or a file with the connection only.
 *
 * @throws {ConfigInvalid} as `parseConfig` does
 */
export function parseConnection(document: unknown, environment: Environment, file: string): Connection {
  return parseBy(connectionSchema, document, environment, file)
}

type Environment = Readonly<Record<string, string | undefined>>

function parseBy<T extends z.ZodType>(
  schema: T,
  document: unknown,
  environment: Environment,
  file: string,
): z.output<T> {
  if (document === null || document === undefined) {
    throw new ConfigInvalid(`${file} is empty; \`outflow init\` writes a configuration`)
  }
  const absent: string[] = []
  const substituted = substitute(document, environment, absent)
  if (absent.length > 0) {
    throw new ConfigInvalid(`${file} names environment variables that are not set: ${absent.join(', ')}`, {
      values: { absent },
    })
  }
  const result = schema.safeParse(substituted, { reportInput: true })
  if (result.success) return result.data
  const problems = describeAll(result.error.issues, document)
  throw new ConfigInvalid(`${file} is not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, {
    values: { problems },
  })
}

/** Longer lists of problems are cut. */
const MOST_PROBLEMS = 20

/** A windowed feature without an entity or a time uses that of the source. */
function withWindowDefaults(config: Config): Config {
  const { key, timestamp } = config.source
  return {
    ...config,
    features: config.features.map((feature) =>
      feature.type === 'window'
        ? { ...(key && { by: key }), ...(timestamp && { at: timestamp }), ...feature }
        : feature,
    ),
  }
}

function substitute(value: unknown, environment: Environment, absent: string[]): unknown {
  if (typeof value === 'string') {
    return value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
      const found = environment[name]
      if (found === undefined && !absent.includes(name)) absent.push(name)
      // Kubernetes keeps the line break at the end of a file from which a Secret is made.
      return found?.replace(/\r?\n$/, '') ?? ''
    })
  }
  if (Array.isArray(value)) return value.map((item) => substitute(item, environment, absent))
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, substitute(item, environment, absent)]))
  }
  return value
}

function describeAll(
  issues: readonly z.core.$ZodIssue[],
  document: unknown,
  at: readonly PropertyKey[] = [],
): string[] {
  // zod also checks the length of text where a list is required, and of a list where text is.
  const ofWrongType = new Set(
    issues.filter(({ code }) => code === 'invalid_type').map(({ path }) => z.core.toDotPath(path)),
  )
  const own = issues.filter(({ code, path }) => !isSize(code) || !ofWrongType.has(z.core.toDotPath(path)))
  const problems = own.slice(0, MOST_PROBLEMS).flatMap((issue) => describe(issue, document, at))
  const more = own.length - MOST_PROBLEMS
  return more > 0 ? [...problems, `and ${more} more`] : problems
}

const isSize = (code: string): boolean => code === 'too_small' || code === 'too_big'

function describe(issue: z.core.$ZodIssue, document: unknown, at: readonly PropertyKey[]): string[] {
  const path = [...at, ...issue.path]
  const branch = issue.code === 'invalid_union' ? branchOfType(issue) : undefined
  if (branch !== undefined) return describeAll(branch, document, path)
  const key = z.core.toDotPath(path)
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(configSchema.toJSONSchema({ io: 'input' }), path)
    const problems = issue.keys
      .slice(0, MOST_PROBLEMS)
      .map((name) => `${key ? `${key}.` : ''}${shorten(name)}: ${noSuchKey(issue.input, known, name)}`)
    const more = issue.keys.length - problems.length
    return more > 0 ? [...problems, `and ${more} more unknown keys`] : problems
  }
  const input = inputOf(issue)
  const found = input === undefined ? 'not set' : `found ${formatFound(path, input, document)}`
  return [`${key || 'the document'}: ${found}; ${allowed(issue)}`]
}

/** Prints the document's own text, such as `${NAME}`: the value of an environment variable may be a secret. */
function formatFound(path: readonly PropertyKey[], input: unknown, document: unknown): string {
  if (input === '') return `${JSON.stringify(valueAt(document, path) ?? '')}, which is empty`
  const value = redact(path, input)
  const written = value === input ? (valueAt(document, path) ?? value) : value
  const isPlain = Array.isArray(written)
    ? written.every((item) => typeof item !== 'object')
    : typeof written !== 'object'
  // JSON has no infinity.
  if (typeof written === 'number') return `${written}`
  if (isPlain || written === null) return shorten(withoutPassword(JSON.stringify(written)))
  // The values of misplaced keys may be secrets.
  return Array.isArray(written) ? 'a list' : 'an object'
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => Object(value)[part], document)
}

const withoutPassword = (text: string): string => text.replace(/:\/\/[^@/\s]*@/g, '://[redacted]@')

function noSuchKey(input: unknown, known: readonly string[], name: string): string {
  if (known.includes(name)) return `not allowed${ofBranch(input)}`
  const meant = didYouMean(name, known)
  return `no such key; ${meant === undefined ? `allowed: ${known.join(', ')}` : `did you mean ${meant}?`}`
}

/** Only another branch of the union has the key. */
function ofBranch(input: unknown): string {
  const { type, mechanism } = Object(input)
  if (typeof type === 'string') return ` with type: ${type}`
  return typeof mechanism === 'string' ? ` with mechanism: ${mechanism}` : ' here'
}

/** The wrong input. For a discriminated union zod reports the whole object, of which only the discriminator is wrong. */
function inputOf(issue: z.core.$ZodIssue): unknown {
  if (!('discriminator' in issue) || issue.input === null || typeof issue.input !== 'object') return issue.input
  return Object.entries(issue.input).find(([key]) => key === issue.discriminator)?.[1]
}

function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return oneOf(issue.values.map(String), issue.input)
    case 'invalid_type':
      // A schema for text of one form describes it; for the others zod describes the type.
      return `allowed: ${issue.message.startsWith('Invalid input') ? issue.expected : issue.message}`
    case 'invalid_format':
      return `allowed: ${issue.message}`
    case 'too_small':
      return `allowed: ${issue.inclusive ? 'at least' : 'more than'} ${issue.minimum}${ofWhat(issue.origin, issue.minimum)}`
    case 'too_big':
      return `allowed: ${issue.inclusive ? 'at most' : 'less than'} ${issue.maximum}${ofWhat(issue.origin, issue.maximum)}`
    case 'invalid_union':
      return 'options' in issue ? oneOf(issue.options as readonly string[], inputOf(issue)) : issue.message
    default:
      return issue.message
  }
}

function oneOf(words: readonly string[], found: unknown): string {
  const meant = typeof found === 'string' ? didYouMean(found, words) : undefined
  return `allowed: ${words.join(', ')}${meant === undefined ? '' : `; did you mean ${meant}?`}`
}

function ofWhat(origin: string, count: number | bigint): string {
  if (origin === 'array') return count === 1 ? ' entry' : ' entries'
  if (origin === 'string') return count === 1 ? ' character' : ' characters'
  return ''
}

/** The issues of the only branch of a union that has the type of the input; undefined if several or none have it. */
function branchOfType({ errors }: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const ofType = errors.filter(
    (branch) => !branch.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  )
  return ofType.length === 1 ? ofType[0] : undefined
}

/** Replaces a value by `[redacted]` if it may be a secret, also under a wrong key. */
function redact(path: readonly PropertyKey[], value: unknown): unknown {
  const isPublic = path.length === 0 ? isOfDocument : PUBLIC_OF.get(path[0]!)
  return value === null || isPublic === undefined || isPublic(path, value) ? value : '[redacted]'
}

type PublicRule = (path: readonly PropertyKey[], value: unknown) => boolean

const isOfDocument: PublicRule = (_, value) => !Array.isArray(value) && typeof value !== 'string'

const isOfConnection: PublicRule = ([, key, inner], value) =>
  (key === 'brokers' || key === 'clientId' || (key === 'sasl' && inner === 'mechanism')) && typeof value !== 'object'

const LOGIN_KEYS: ReadonlySet<PropertyKey> = new Set(['name', 'role', 'issuer', 'clientId', 'scope', 'rolesClaim'])
// The URL of a webhook may be a secret as well.
const WEBHOOK_KEYS: ReadonlySet<unknown> = new Set(['name', 'kind', 'send', 'timeout', 'retryFor', 'allow'])

/** What is public of the sections that may have secrets. */
const PUBLIC_OF: ReadonlyMap<PropertyKey, PublicRule> = new Map<string, PublicRule>([
  ['source', ([, key]) => key !== 'registry'],
  ['console', (path) => path[1] !== 'authentication' || LOGIN_KEYS.has(path.at(-1)!)],
  ['alerts', ([, key, , own]) => key !== 'webhooks' || WEBHOOK_KEYS.has(own)],
  ['kafka', isOfConnection],
  ['postgres', isOfConnection],
])

function shorten(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}…` : text
}
