import { randomBytes } from 'node:crypto'
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { findFreePort } from './free-port.js'
import type { PostgresComponent } from './infrastructure.js'
import type { PartLaunch, PostgresSecurity } from './part-launch.js'
import { findPostgresBinaries } from './postgres-binaries.js'
import { probePostgres } from './probes.js'
import { runCommand } from './run-command.js'
import { superviseProcess } from './supervised-process.js'
import { unprivilegedUser } from './unprivileged-user.js'

const OWNER = 'outflow'
// Each service, test and bench opens a pool of connections; the default of 100 is too low for all of them.
const MAX_CONNECTIONS = 200

/**
 * Starts Postgres from the binaries of the npm package for this platform, on a data folder of this launch.
 *
 * Durability settings keep their defaults, so that measurements and tests also apply to a production server.
 *
 * @throws {ComponentStartFailed} when there are no binaries for this platform, or it does not start
 */
export async function startEmbeddedPostgres({
  folder,
  signal,
  onProgress,
  security,
}: PartLaunch): Promise<PostgresComponent> {
  const user = process.getuid?.() === 0 ? unprivilegedUser() : undefined
  const home = join(folder.path, 'postgres')
  await mkdir(home, { mode: 0o700 })
  if (user) await chown(home, user.uid, user.gid)
  const binaries = await findPostgresBinaries(join(folder.path, 'postgres-native'), user !== undefined)
  const data = join(home, 'data')
  const password = randomBytes(16).toString('hex')
  await initialise({ ...binaries, data, password, user, folder: folder.path, signal })

  const tls = security && (await secure(security.postgres, { home, data, user }))
  const own = { unix_socket_directories: '', listen_addresses: '127.0.0.1', max_connections: MAX_CONNECTIONS }
  const settings: Readonly<Record<string, string | number>> = { ...own, ...tls }

  const port = await findFreePort()
  const urlOf = (database: string): string => `postgres://${OWNER}:${password}@127.0.0.1:${port}/${database}`
  const control = superviseProcess({
    what: `Postgres on 127.0.0.1:${port}`,
    command: binaries.postgres,
    args: [
      '-D',
      data,
      '-p',
      String(port),
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    user,
    logFile: join(folder.path, 'postgres.log'),
    stopSignal: 'SIGINT', // fast shutdown: closes connections, rolls back transactions, flushes data
    stopTimeoutMs: 10_000,
    endBy: 'SIGQUIT',
    probe: async () => void (await probePostgres(urlOf('postgres'))),
    startTimeoutMs: 30_000,
    notYet: /pre-existing shared memory block/, // after a kill, until its last child process has ended
    folder,
    signal,
    onProgress,
  })
  await control.start()
  await createDatabase(urlOf('postgres'))
  return {
    tier: 'embedded',
    url: urlOf(OWNER),
    description: `Postgres ${binaries.version} embedded on 127.0.0.1:${port}`,
    control,
  }
}

interface Initialise {
  readonly initdb: string
  readonly data: string
  readonly password: string
  readonly user: { readonly uid: number; readonly gid: number } | undefined
  readonly folder: string
  readonly signal: AbortSignal | undefined
}

async function initialise({ initdb, data, password, user, folder, signal }: Initialise): Promise<void> {
  const passwordFile = await writeOwned(join(folder, 'postgres-password'), password, user)
  // The built-in locale sorts and folds case the same on every machine; no-sync, because an interrupted initdb is never reused.
  const args = ['--pgdata', data, '--username', OWNER, '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--no-sync']
  const locale = ['--encoding', 'UTF8', '--locale-provider', 'builtin', '--locale', 'C', '--builtin-locale', 'C.UTF-8']
  await runCommand(initdb, [...args, ...locale], { ...user, cwd: '/', signal })
}

/** Writes the TLS files and pg_hba.conf with the owner and mode that Postgres requires, and returns the settings that name them. */
async function secure(
  { certificate, key, clientCa, rules }: PostgresSecurity,
  { home, data, user }: { readonly home: string; readonly data: string; readonly user: Initialise['user'] },
): Promise<Record<string, string>> {
  const write = (name: string, text: string) => writeOwned(join(home, name), text, user)
  const existingRules = await readFile(join(data, 'pg_hba.conf'), 'utf8')
  return {
    hba_file: await write('hba.conf', `${rules.join('\n')}\n${existingRules}`),
    ssl: 'on',
    ssl_cert_file: await write('server.pem', certificate),
    ssl_key_file: await write('server.key', key),
    ssl_ca_file: await write('client-ca.pem', clientCa),
  }
}

async function writeOwned(path: string, text: string, user: Initialise['user']): Promise<string> {
  await writeFile(path, text, { mode: 0o600 })
  if (user) await chown(path, user.uid, user.gid)
  return path
}

async function createDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query(`create database ${OWNER}`)
  } finally {
    await client.end()
  }
}
