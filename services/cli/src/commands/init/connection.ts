import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { loadDocument, openConnection } from '@outflow/runtime'
import { FileUnavailable, UsageError } from '../../errors.js'
import { connectionOfProperties } from './client-properties.js'

type Settings = Readonly<Record<string, unknown>>

/** The parts of an outflow.yaml that state a connection, with `${NAME}` in place of secrets. */
export interface WrittenConnection {
  readonly kafka: Settings
  readonly postgres: Settings
  /** format, csv, registry and maxRecordBytes, where they are stated. */
  readonly source: Settings
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
 * @throws {ConfigInvalid} as `loadConfig` does
 */
export async function readConnection(options: ConnectionOptions, environment: Environment) {
  const { config } = options
  const { document, secrets } = config === undefined ? { document: {}, secrets: {} } : await stated(config)
  const merged = withOptions(document, options, environment)
  if (merged.kafka.brokers === undefined) {
    throw new UsageError('--topic needs --brokers, as host:port, or KAFKA_BROKERS, or a --config that names them')
  }
  const path = config ?? 'the command line'
  const connection = await openConnection(merged, { environment: { ...environment, ...secrets }, path })
  const written = { ...merged, postgres: merged.postgres ?? postgresOf(environment) }
  return {
    connection,
    written: movedFiles(written, relocate(dirname(resolve(path)), options.output)) as WrittenConnection,
    /** Environment variables that the written configuration needs and that are not set. */
    secretsToSet: Object.keys(secrets).filter((name) => !environment[name]),
  }
}

/** The connection for an outflow.yaml that is written from a file of records. */
export const writtenWithoutTopic = ({ brokers }: ConnectionOptions, environment: Environment): WrittenConnection => ({
  kafka: { brokers: brokers ?? brokersOf(environment) ?? '127.0.0.1:9092' },
  postgres: postgresOf(environment),
  source: {},
})

async function stated(
  path: string,
): Promise<{ document: Partial<WrittenConnection>; secrets: Record<string, string> }> {
  if (!path.endsWith('.properties')) return { document: Object(await loadDocument(path)), secrets: {} }
  try {
    return connectionOfProperties(await readFile(path, 'utf8'), path)
  } catch (error: unknown) {
    throw error instanceof UsageError ? error : new FileUnavailable('read', path, error)
  }
}

function withOptions(document: Partial<WrittenConnection>, options: ConnectionOptions, environment: Environment) {
  const { kafka, postgres, source } = document
  const { format, csv, registry, maxRecordBytes } = source ?? {}
  const { brokers: statedBrokers, ...otherSettings } = kafka ?? {}
  const brokers = options.brokers ?? statedBrokers ?? brokersOf(environment)
  return {
    kafka: { ...(brokers !== undefined && { brokers }), ...otherSettings },
    ...(postgres && { postgres }),
    source: {
      format,
      csv,
      registry: options.registry === undefined ? registry : { url: options.registry },
      maxRecordBytes,
    },
  }
}

// The variable's name, not its value: that may be a secret.
const brokersOf = ({ KAFKA_BROKERS }: Environment) => (KAFKA_BROKERS ? '${KAFKA_BROKERS}' : undefined)
const postgresOf = ({ DATABASE_URL }: Environment) => ({
  url: DATABASE_URL ? '${DATABASE_URL}' : 'postgres://outflow@127.0.0.1:5432/outflow',
})

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
