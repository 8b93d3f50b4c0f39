import { describeTlsFailure, FixableError, OutflowError, UserError } from '@outflow/errors'

/**
 * Postgres did not answer, or answered with a temporary error.
 * @fix Wait; if it lasts, check the database and the network.
 */
export class StoreUnavailable extends OutflowError {
  readonly code = 'OUTFLOW_STORE_UNAVAILABLE'
  override readonly retryable = true
}

/**
 * The database lacks migrations of this release.
 * @fix Run `outflow migrate`; running services then continue by themselves.
 */
export class MigrationsPending extends OutflowError {
  readonly code = 'OUTFLOW_STORE_MIGRATIONS_PENDING'
  override readonly retryable = true
}

/** A statement was cancelled: by its timeout, or by another session. */
export class StatementCancelled extends StoreUnavailable {}

/**
 * Postgres refused a statement or a permission, and would refuse it again.
 * @fix Read the cause; run `outflow migrate`; check the role.
 */
export class StoreRefused extends OutflowError {
  readonly code: `OUTFLOW_${string}` = 'OUTFLOW_STORE_REFUSED'
}

/**
 * Postgres refused a value: it is out of range, breaks a constraint or exceeds a limit.
 * @fix In ingest the record becomes a dead letter with the reason `failed`; elsewhere read the cause.
 */
export class ValueRefused extends StoreRefused {
  override readonly code = 'OUTFLOW_STORE_VALUE_REFUSED'
}

/**
 * The stored offset of a partition is not the one that a batch begins at: another instance has written, or a crash of Postgres has
 * undone a write.
 * @fix None: the partition is read again from its stored offset.
 */
export class PositionMoved extends OutflowError {
  readonly code = 'OUTFLOW_STORE_POSITION_MOVED'

  constructor({ topic, partition }: { readonly topic: string; readonly partition: number }, expectedOffset: bigint) {
    super(`the stored offset of ${topic}/${partition} is not ${expectedOffset}`)
  }
}

/**
 * Postgres rejected the login.
 * @fix Correct the key under `postgres` that the message names, and restart.
 */
export class StoreLoginFailed extends FixableError {
  readonly code = 'OUTFLOW_STORE_LOGIN_FAILED'
}

/**
 * No TLS connection with Postgres: one side does not accept the other's certificate, or the server has no TLS.
 * @fix Correct the key under `postgres.tls` that the message names, and restart.
 */
export class StoreTlsFailed extends FixableError {
  readonly code = 'OUTFLOW_STORE_TLS_FAILED'
}

/**
 * An applied migration differs from its file, or has no file and is not of a later release.
 * @fix Run the release that applied it; never edit a migration.
 */
export class MigrationChanged extends OutflowError {
  readonly code = 'OUTFLOW_STORE_MIGRATION_CHANGED'
}

/**
 * A stored JSON value does not match its schema: another program has changed it.
 * @fix Restore the row that the message names, or delete it.
 */
export class StoredValueDamaged extends OutflowError {
  readonly code = 'OUTFLOW_STORE_VALUE_DAMAGED'
}

/**
 * The bytes of a stored model do not match their checksum.
 * @fix Promote another model, or fit a new one.
 */
export class ModelDamaged extends OutflowError {
  readonly code = 'OUTFLOW_STORE_MODEL_DAMAGED'
}

/**
 * The pipeline has no anomaly and no calibration record to label at that position.
 * @fix List them with `outflow anomalies` or `outflow verdicts ask --json`; retention may have dropped it.
 */
export class AnomalyUnknown extends UserError {
  readonly code = 'OUTFLOW_STORE_ANOMALY_UNKNOWN'
}

/**
 * The pipeline has no model with that id.
 * @fix List them with `outflow models list`.
 */
export class ModelUnknown extends OutflowError {
  readonly code = 'OUTFLOW_STORE_MODEL_UNKNOWN'
}

/**
 * There is no earlier model to roll back to.
 * @fix Fit one with `outflow retrain`.
 */
export class NoEarlierModel extends OutflowError {
  readonly code = 'OUTFLOW_STORE_NO_EARLIER_MODEL'
}

/**
 * Kafka has messages with numbers that this database has not assigned: it was restored from a backup or replaced, or a failover to a
 * standby lost its last commits.
 * @fix Run `update outflow.database_identity set id = gen_random_uuid()`; alerts sent since then are sent again, with the same ids.
 */
export class OutboxRewound extends OutflowError {
  readonly code = 'OUTFLOW_STORE_OUTBOX_REWOUND'
}

const QUERY_CANCELED = '57014'
const UNKNOWN_DATABASE = '3D000'
const TOO_MANY_CONNECTIONS = '53300'
const READ_ONLY = '25006'
const LOCK_NOT_AVAILABLE = '55P03'
// PgBouncer gives its own errors this code, such as "unsupported startup parameter".
const PROTOCOL_VIOLATION = '08P01'
const FORBIDDEN = '42501'
// The function outflow.give_verdict raises it.
const NO_DATA_FOUND = 'P0002'
// Classes 08 (connection), 53 (resources: too many connections, disk full), 57P (shutdown, starting up), 58 (files and disks), and: 40001
// serialization, 40P01 deadlock, 55P03 lock not available, 57014 cancelled, 25006 read-only while failing over,
// 25P03/25P04 timeouts that end a transaction, XX000 internal error (on a full disk: "could not write init file"); then the ends of an
// open connection, which restarts and failovers cause.
const TEMPORARY =
  /^(08...|53...|57P0[0-5]|57014|58...|40001|40P01|55P03|25006|25P0[34]|XX000|ECONNRESET|ECONNABORTED|EPIPE)$/
// No connection could be opened.
const UNREACHABLE = /^(ECONNREFUSED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)$/
const UNREACHABLE_MESSAGE = 'timeout exceeded when trying to connect'
// Classes 22 (data exception), 23 (integrity constraint), 54 (program limit).
const VALUE_SQLSTATE = /^(22|23|54)...$/
// pg throws these without a code.
const TEMPORARY_MESSAGE =
  /connection terminated|timeout expired|query read timeout|connection error and is not queryable|client was closed and is not queryable|socket disconnected/i

/** Converts an error of pg, or of its socket, to one of this package; returns other errors unchanged. */
export function toStoreError(thrown: unknown): unknown {
  if (thrown instanceof OutflowError || !(thrown instanceof Error)) return thrown
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
  const about = { cause: thrown, values: { code } }
  const tls = describeTlsFailure(code, thrown.message, 'postgres.tls')
  if (tls !== null) return new StoreTlsFailed(`no TLS connection with Postgres: ${tls.problem}`, tls.fix, about)
  // Class 28: invalid authorization. For a missing password, or a server that fails SCRAM's mutual authentication, pg itself throws a
  // message that begins with SASL.
  if (code.startsWith('28') || thrown.message.startsWith('SASL: ')) {
    return new StoreLoginFailed(`Postgres refused the login: ${thrown.message}`, fixOfLogin(thrown.message), about)
  }
  const isUnreachable = UNREACHABLE.test(code) || thrown.message.includes(UNREACHABLE_MESSAGE)
  if (isUnreachable || TEMPORARY.test(code) || TEMPORARY_MESSAGE.test(thrown.message)) {
    if (code === LOCK_NOT_AVAILABLE) {
      return new StoreUnavailable(`Postgres granted no lock: ${thrown.message}${hintOf(thrown)}`, about)
    }
    if (code === QUERY_CANCELED) {
      const fix = 'for a command, choose a shorter time or fewer rows; else pg_stat_activity may show what it waits for'
      return new StatementCancelled(`Postgres cancelled a statement: ${thrown.message}`, { ...about, fix })
    }
    const fix = isUnreachable ? 'start Postgres, or correct postgres.url' : fixOfUnavailable(code)
    return new StoreUnavailable(`Postgres is not available: ${thrown.message || code}`, { ...about, fix })
  }
  if (!('severity' in thrown)) return thrown
  if (code === NO_DATA_FOUND) return new AnomalyUnknown(`${thrown.message}${hintOf(thrown)}`, about)
  const Refused = VALUE_SQLSTATE.test(code) ? ValueRefused : StoreRefused
  const fix = fixOfRefusal(code, thrown.message)
  return new Refused(`Postgres refused: ${thrown.message}${hintOf(thrown)}`, { ...about, fix })
}

export const FIX_OF_READ_ONLY = 'set the address of the primary as postgres.url, and a user and database that may write'
export const FIX_OF_POOLER =
  'set the address of Postgres itself as postgres.url, not that of a pooler such as PgBouncer'

function fixOfUnavailable(code: string): string | null {
  if (code === TOO_MANY_CONNECTIONS)
    return "raise max_connections or the role's limit; a pipeline needs 20 connections, 25 with webhooks"
  if (code === PROTOCOL_VIOLATION) return FIX_OF_POOLER
  return code === READ_ONLY ? FIX_OF_READ_ONLY : null
}

function fixOfLogin(message: string): string {
  if (/no encryption|SSL off/.test(message)) return 'it may require TLS: postgres.tls: true'
  if (/certificate/.test(message)) return 'set the client certificate as postgres.tls.certFile and its key as keyFile'
  return 'check the user and password in postgres.url, or postgres.passwordFile; services read them at their start'
}

function fixOfRefusal(code: string, message: string): string | null {
  if (code === FORBIDDEN) {
    if (/to create database/.test(message))
      return 'let the user create databases (alter role USER createdb), or use the URL of another one'
    // Postgres quotes the name of the database only where the user may not connect to it.
    if (/for database "/.test(message)) return 'let the user connect: grant connect on database NAME to USER'
    return /for database /.test(message)
      ? 'let the user create the schema: grant create on database NAME to USER'
      : 'set the user that ran outflow migrate in postgres.url, or grant this one the right'
  }
  // 3F000 invalid schema, 42P01 undefined table, 42883 undefined function: usually migrations are missing.
  if (code === '3F000' || code === '42P01' || code === '42883') return 'run outflow migrate'
  return code === UNKNOWN_DATABASE ? 'create the database, or correct its name in postgres.url' : null
}

function hintOf(thrown: Error): string {
  const { hint, constraint } = thrown as Error & { hint?: string; constraint?: string }
  if (hint) return `; ${hint}`
  return constraint ? ` (constraint ${constraint})` : ''
}
