import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import pg from 'pg'
import {
  FIX_OF_READ_ONLY,
  MigrationChanged,
  MigrationsPending,
  StoreRefused,
  StoreUnavailable,
  toStoreError,
} from './errors.js'
import type { Queryable } from './pool.js'
import { run, runValue } from './statement.js'

interface MigrationFile {
  readonly number: number
  /** File name, such as `000002_create_offsets.sql`. */
  readonly name: string
  readonly text: string
  /** sha-256, hex. */
  readonly checksum: string
}

type AppliedMigration = Omit<MigrationFile, 'text'>

// The same path from src and from dist.
const MIGRATIONS_FOLDER = new URL('../../migrations/', import.meta.url)
const MIGRATION_NAME = /^\d{6}_[a-z0-9_]+\.sql$/

/**
 * Applies the numbered migrations that are not applied yet, all in one transaction that locks the table of migrations, so that several
 * processes may call it at once.
 *
 * @param url  of the database, with a role that may create schemas and roles
 * @returns the names applied by this call
 * @throws {MigrationChanged} if the text of an applied migration differs from its file, or it has no file and is not of a later release
 * @throws {StoreRefused} if the database cannot store every text, or the role may not create what the migrations create
 */
export async function migrate(url: string): Promise<readonly string[]> {
  const files = await readMigrations()
  return withConnection(url, async (client) => {
    await requireUtf8(client)
    await client.query(CREATE_LIST)
    await client.query('begin; lock table outflow.migrations in share row exclusive mode')
    const applied = await readApplied(client)
    requireUnchanged(files, applied)
    const pending = pendingOf(files, applied)
    for (const file of pending) await apply(client, file)
    await client.query('commit')
    return pending.map((file) => file.name)
  })
}

/** In another encoding the first record with a character that it lacks would stop its partition. */
async function requireUtf8(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_encoding: string }>('show server_encoding')
  const encoding = rows[0]!.server_encoding
  if (encoding === 'UTF8') return
  throw new StoreRefused(`the database has the encoding ${encoding}, and outflow needs UTF8`, {
    values: { encoding },
    fix: "create another: create database outflow encoding 'UTF8' locale 'C' template template0",
  })
}

// `if not exists` does not see an object that another process is creating; the other's commit then raises one of these errors.
const CREATE_LIST = `
do $$
begin
  create schema if not exists outflow;
  create table if not exists outflow.migrations (
    number integer not null,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null default now(),
    constraint migrations_pkey primary key (number)
  );
exception
  when unique_violation or duplicate_schema or duplicate_table then null;
end
$$`

/**
 * Counts the migrations, and those that are not applied yet.
 *
 * @throws {MigrationChanged} like `migrate`
 */
export async function migrationStatus(db: Queryable): Promise<{ readonly total: number; readonly pending: number }> {
  migrationsOfRelease ??= readMigrations()
  const files = await migrationsOfRelease
  const applied = await readApplied(db)
  requireUnchanged(files, applied)
  return { total: files.length, pending: pendingOf(files, applied).length }
}

/**
 * A readiness check: the database answers and has the schema of this release.
 *
 * @throws {StoreUnavailable | StoreRefused} if the database cannot be used
 * @throws {MigrationsPending}
 * @throws {MigrationChanged} like `migrate`
 */
export async function postgresCheck(pool: Queryable): Promise<{ readonly ok: true; readonly detail: string }> {
  const { total, pending } = await migrationStatus(pool)
  if (pending === 0) return { ok: true, detail: 'answered' }
  throw new MigrationsPending(`${pending} of ${total} migrations are not applied to the database`, {
    fix: 'run outflow migrate',
  })
}

/**
 * The readiness check of a service that writes: as `postgresCheck`, and the database is not read-only, as a standby is.
 *
 * @throws as `postgresCheck`
 */
export async function writableCheck(pool: Queryable): ReturnType<typeof postgresCheck> {
  const answered = await postgresCheck(pool)
  const readOnly = await runValue<string>(pool, {
    name: 'transaction_read_only',
    text: `select current_setting('transaction_read_only')`,
  })
  if (readOnly === 'off') return answered
  throw new StoreUnavailable('Postgres is read-only', { fix: FIX_OF_READ_ONLY })
}

/** Probes are frequent, and the files of a release do not change. */
let migrationsOfRelease: Promise<MigrationFile[]> | undefined

async function readMigrations(): Promise<MigrationFile[]> {
  const names = (await readdir(MIGRATIONS_FOLDER)).filter((name) => MIGRATION_NAME.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(new URL(name, MIGRATIONS_FOLDER), 'utf8')
      // Ignores CRLF, since Git may check files out with it.
      const checksum = createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex')
      return { number: Number.parseInt(name, 10), name, text, checksum }
    }),
  )
}

/** Returns the applied migrations in order; none if there is no table of them. */
async function readApplied(db: Queryable): Promise<AppliedMigration[]> {
  const exists = await runValue<boolean>(db, {
    name: 'migrations_exist',
    text: `select to_regclass('outflow.migrations') is not null`,
  })
  if (!exists) return []
  return run<AppliedMigration>(db, {
    name: 'applied_migrations',
    text: 'select number, name, checksum from outflow.migrations order by number',
  })
}

function pendingOf(files: readonly MigrationFile[], applied: readonly AppliedMigration[]): MigrationFile[] {
  return files.filter(({ number }) => !applied.some((migration) => migration.number === number))
}

/** @throws {MigrationChanged} */
function requireUnchanged(files: readonly MigrationFile[], applied: readonly AppliedMigration[]): void {
  const newest = files.at(-1)!.number
  for (const migration of applied) {
    // Those of a later release only add, so this release may run again after it.
    if (migration.number > newest) continue
    const file = files.find(({ number }) => number === migration.number)
    if (file?.checksum === migration.checksum) continue
    throw new MigrationChanged(
      file
        ? `migration ${file.name} was applied with another text; migrations are not edited once applied: add a new one`
        : `migration ${migration.name} was applied by another release and is unknown here; run the release that applied it`,
      { values: { number: migration.number, name: migration.name } },
    )
  }
}

async function apply(client: pg.Client, { number, name, text, checksum }: MigrationFile): Promise<void> {
  await client.query(text)
  await client.query('insert into outflow.migrations (number, name, checksum) values ($1, $2, $3)', [
    number,
    name,
    checksum,
  ])
}

/** Opens a separate connection without a statement timeout; closing it ends an open transaction. */
async function withConnection<T>(url: string, act: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    application_name: 'outflow migrate',
    connectionTimeoutMillis: 5_000,
  })
  // The running statement rejects with the same error; without a listener the process would end.
  client.on('error', () => {})
  try {
    await client.connect()
    // The server, the database or the role may have one.
    await client.query('set statement_timeout = 0')
    return await act(client)
  } catch (thrown: unknown) {
    throw toStoreError(thrown)
  } finally {
    await client.end()
  }
}
