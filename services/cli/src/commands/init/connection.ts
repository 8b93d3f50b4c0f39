import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import type { Connection } from '@outflow/contracts'
import { loadDocument, openConnection } from '@outflow/runtime'
import { FileUnavailable, UsageError } from '../../errors.js'
import { connectionOfProperties, type StatedConnection } from './client-properties.js'

/** The connection to a topic, and its form in outflow.yaml. */
interface TopicAccess {
  readonly connection: Connection
  readonly written: WrittenConnection
  /** Environment variables that the written configuration needs and that are not set. */
  readonly secretsToSet: readonly string[]
}

/** The parts of an outflow.yaml that state a connection, with `${NAME}` in place of secrets. */
export interface WrittenConnection {
  readonly kafka: Readonly<Record<string, unknown>>
  readonly postgres: Readonly<Record<string, unknown>>
  readonly registry: Readonly<Record<string, unknown>> | null
  readonly csv: Readonly<Record<string, unknown>> | null
}

export interface ConnectionOptions {
  readonly brokers?: string
  readonly config?: string
  readonly registry?: string
  /** Path of the written configuration; files are named relative to its folder. */
  readonly output: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Returns the connection of `--config`, a configuration in YAML or a client's .properties file. `--brokers` and `--registry` override it;
 * without a file, the brokers are those of `--brokers` or KAFKA_BROKERS.
 *
 * @throws {UsageError} when no broker is named, or a property cannot be used
 * @throws {ConfigUnreadable | ConfigSyntaxError | ConfigInvalid} as `loadConfig` does
 */
export async function readConnection(options: ConnectionOptions, environment: Environment): Promise<TopicAccess> {
  const { config } = options
  const { document, secrets } = config === undefined ? NOTHING_STATED : await stated(config)
  const merged = withOptions(document, options, environment)
  if (merged.kafka.brokers === undefined) {
    throw new UsageError('--topic needs --brokers, as host:port, or KAFKA_BROKERS, or a --config that names them')
  }
  const path = config ?? 'the command line'
  const connection = await openConnection(merged, { environment: { ...environment, ...secrets }, path })
  return {
    connection,
    written: written(merged, relocate(dirname(resolve(path)), options.output), environment),
    secretsToSet: Object.keys(secrets).filter((name) => !environment[name]),
  }
}

/** The connection for an outflow.yaml that is written from a file of records. */
export const writtenWithoutTopic = ({ brokers }: ConnectionOptions, environment: Environment): WrittenConnection =>
  written({ kafka: { brokers: brokers ?? brokersOf(environment) ?? '127.0.0.1:9092' } }, (path) => path, environment)

interface Stated {
  readonly kafka?: Readonly<Record<string, unknown>>
  readonly postgres?: Readonly<Record<string, unknown>>
  readonly source?: Readonly<Record<string, unknown>>
}

const NOTHING_STATED = { document: {}, secrets: {} }

async function stated(
  path: string,
): Promise<{ readonly document: Stated; readonly secrets: StatedConnection['secrets'] }> {
  if (!path.endsWith('.properties')) return { document: Object(await loadDocument(path)), secrets: {} }
  try {
    return connectionOfProperties(await readFile(path, 'utf8'), path)
  } catch (error: unknown) {
    throw error instanceof UsageError ? error : new FileUnavailable('read', path, error)
  }
}

function withOptions({ kafka, postgres, source }: Stated, options: ConnectionOptions, environment: Environment) {
  const { brokers: statedBrokers, ...otherSettings } = kafka ?? {}
  const brokers = options.brokers ?? statedBrokers ?? brokersOf(environment)
  const registry = options.registry === undefined ? source?.registry : { url: options.registry }
  return {
    kafka: { ...(brokers !== undefined && { brokers }), ...otherSettings },
    ...(postgres && { postgres }),
    source: {
      ...(source?.format !== undefined && { format: source.format }),
      ...(source?.csv !== undefined && { csv: source.csv }),
      ...(registry !== undefined && { registry }),
    } as Readonly<Record<string, unknown>>,
  }
}

// The variable's name, not its value: that may be a secret.
const brokersOf = ({ KAFKA_BROKERS }: Environment) => (KAFKA_BROKERS ? '${KAFKA_BROKERS}' : undefined)

function written(
  { kafka, postgres, source }: Stated & { readonly kafka: Readonly<Record<string, unknown>> },
  move: (path: string) => string,
  { DATABASE_URL }: Environment,
): WrittenConnection {
  const url = DATABASE_URL ? '${DATABASE_URL}' : 'postgres://outflow@127.0.0.1:5432/outflow'
  const part = (value: unknown) => (value === undefined ? null : (movedFiles(value, move) as Record<string, unknown>))
  return {
    kafka: part(kafka)!,
    postgres: part(postgres ?? { url })!,
    registry: part(source?.registry),
    csv: part(source?.csv),
  }
}

/** Applies `move` to the paths under keys `…File`, at any depth. */
function movedFiles(value: unknown, move: (path: string) => string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key.endsWith('File') && typeof inner === 'string' ? move(inner) : movedFiles(inner, move),
    ]),
  )
}

/** Makes a path relative to `from` relative to the folder of `output`; an absolute path is not changed. */
function relocate(from: string, output: string): (path: string) => string {
  const folder = output === '-' ? process.cwd() : dirname(resolve(output))
  return (path) => (isAbsolute(path) ? path : relative(folder, resolve(from, path)))
}
