import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { getContainerRuntimeClient } from 'testcontainers'
import { vi } from 'vitest'
import { findJava } from '../../infra/launcher/src/java.js'
import { resolveKafkaClassPath } from '../../infra/launcher/src/kafka-class-path.js'
import { findPostgresBinaries } from '../../infra/launcher/src/postgres-binaries.js'

const run = promisify(execFile)

/** A container engine, with images that are built from the programs of this machine. */
export interface ContainerEngine {
  readonly images: {
    readonly kafka: string
    readonly postgres: string
    /** Prints a line to stdout and one to stderr, and exits with 3. */
    readonly ends: string
  }
  /** Names of the existing containers, running or not. */
  readonly containers: () => Promise<readonly string[]>
  readonly stop: () => Promise<void>
}

/**
 * Uses the engine of DOCKER_HOST or of /var/run/docker.sock, or starts podman as root, with its own socket and storage.
 *
 * @returns the engine, or why containers cannot run on this machine
 */
export async function startContainerEngine(): Promise<ContainerEngine | string> {
  if (process.platform !== 'linux') return 'the images are made of Linux programs'
  const work = await mkdtemp(join(tmpdir(), 'outflow-containers-'))
  const cleanUps = [() => rm(work, { recursive: true, force: true })]
  const stop = async () => {
    const errors: unknown[] = []
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp().catch((error: unknown) => errors.push(error))
    if (errors.length > 0) throw errors[0]
  }
  try {
    const roots = { kafka: join(work, 'kafka'), postgres: join(work, 'postgres'), ends: join(work, 'ends') }
    await makeRoot(roots.ends, ['[[ -v PROBE ]] && exit', 'echo "the disk is full"', 'echo "giving up" >&2', 'exit 3'])
    if (!process.env.DOCKER_HOST && !existsSync('/var/run/docker.sock')) {
      const podman = await startPodman(work, await archive(roots.ends))
      if (typeof podman === 'string') {
        await stop()
        return podman
      }
      cleanUps.push(podman.stop)
      // When this process runs in a container itself, podman publishes ports inside it, not on the container's gateway.
      const variables = { DOCKER_HOST: podman.host, TESTCONTAINERS_HOST_OVERRIDE: 'localhost' }
      for (const [name, value] of Object.entries(variables)) {
        process.env[name] = value
        cleanUps.push(async () => void delete process.env[name])
      }
    }
    const { dockerode } = (await getContainerRuntimeClient()).container
    const importRoot = async (part: keyof typeof roots, more: readonly string[] = []) => {
      const changes = ['ENTRYPOINT ["/start"]', 'USER 1000', ...more]
      const progress = await dockerode.importImage(createReadStream(await archive(roots[part])), { changes })
      const id = /sha256:[0-9a-f]{64}/.exec(await text(progress))?.[0]
      if (id === undefined) throw new Error(`the engine imported no image of ${part}`)
      const [repo, tag] = [`localhost/outflow-test-${part}`, basename(work).toLowerCase()]
      const image = dockerode.getImage(id)
      await image.tag({ repo, tag })
      cleanUps.push(async () => void (await image.remove({ force: true })))
      return `${repo}:${tag}`
    }
    await Promise.all([makeKafkaRoot(roots.kafka), makePostgresRoot(roots.postgres)])
    const images = {
      ends: await importRoot('ends'),
      kafka: await importRoot('kafka'),
      // As in the official image: SIGTERM would wait for the clients to disconnect.
      postgres: await importRoot('postgres', ['STOPSIGNAL SIGINT']),
    }
    const containers = async () => (await dockerode.listContainers({ all: true })).flatMap(({ Names }) => Names)
    return { images, containers, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** @param probe  archive of a root file system with a program that exits at once where PROBE is set */
async function startPodman(work: string, probe: string) {
  if (process.getuid?.() !== 0) return 'no Docker engine answers, and only root can start podman'
  const version = await run('podman', ['--version']).catch(() => null)
  if (version === null) return 'no Docker engine answers, and podman is not installed'
  const settings = join(work, 'containers.conf')
  // A process without CAP_SYS_RESOURCE cannot set podman's default limits.
  await writeFile(settings, '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\n')
  const env = { ...process.env, CONTAINERS_CONF: settings }
  const storage = ['--root', join(work, 'storage'), '--runroot', join(work, 'run')]
  const podman = (...args: readonly string[]) => run('podman', [...storage, ...args], { env })
  const removeStorage = async () => {
    await podman('rm', '--all', '--force').catch(() => {})
    await run('umount', [join(work, 'storage', 'overlay')]).catch(() => {})
  }
  try {
    await podman('import', '--change', 'ENTRYPOINT ["/start"]', probe, 'localhost/outflow-test-probe')
    await podman('run', '--rm', '--env=PROBE=1', '--publish=127.0.0.1::9', 'localhost/outflow-test-probe')
  } catch (thrown: unknown) {
    await removeStorage()
    const { stderr = '' } = thrown as { readonly stderr?: string }
    return `podman cannot run a container here: ${stderr.trim().split('\n').at(-1)}`
  }
  const socket = join(work, 'podman.sock')
  // When this process is killed, the service ends after five minutes without a request.
  const service = spawn('podman', [...storage, 'system', 'service', '--time=300', `unix://${socket}`], {
    env,
    stdio: 'ignore',
  })
  await vi.waitFor(() => ping(socket), { timeout: 20_000 })
  const stop = async () => {
    service.kill()
    if (service.exitCode === null) await once(service, 'exit')
    await removeStorage()
  }
  return { host: `unix://${socket}`, stop }
}

function ping(socketPath: string): Promise<void> {
  return new Promise((resolve, reject) => {
    get({ socketPath, path: '/_ping' }, (response) => {
      response.resume()
      resolve()
    }).on('error', reject)
  })
}

/** As in Apache Kafka's own image, the settings come from the variables KAFKA_…. */
async function makeKafkaRoot(root: string): Promise<void> {
  const { folder } = await resolveKafkaClassPath({ signal: new AbortController().signal, onProgress: () => {} })
  const java = await realpath((await run('which', [await findJava()])).stdout.trim())
  const home = dirname(dirname(java))
  await makeRoot(
    root,
    [
      'for name in "${!KAFKA_@}"; do key=${name#KAFKA_}; key=${key,,}; echo "${key//_/.}=${!name}"; done > /data/settings',
      'echo log.dirs=/data/logs >> /data/settings',
      'format="kafka.tools.StorageTool format --ignore-formatted --cluster-id=AAAAAAAAAAAAAAAAAAAAAA -c"',
      `java="${java} -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -cp /kafka/*"`,
      'set -f # java takes the star itself',
      '$java $format /data/settings',
      'exec $java kafka.Kafka /data/settings',
    ],
    [
      java,
      ...['libjava', 'libnet', 'libnio', 'libzip', 'server/libjvm'].map((name) => join(home, 'lib', `${name}.so`)),
    ],
  )
  await cp(folder, join(root, 'kafka'), { recursive: true })
  await mkdir(join(root, home), { recursive: true })
  // Links into /etc are copied as files; cp reports a dangling one and leaves it out.
  await run('cp', ['--recursive', '--dereference', `${home}/.`, join(root, home)]).catch(() => {})
  for (const unused of ['jmods', 'man', 'docs', 'lib/src.zip']) {
    await rm(join(root, home, unused), { recursive: true, force: true })
  }
}

/** As in the official image, user, password and database come from the variables POSTGRES_…. */
async function makePostgresRoot(root: string): Promise<void> {
  const { initdb, postgres } = await findPostgresBinaries(join(root, '..', 'native'), false)
  const native = dirname(dirname(postgres))
  await makeRoot(
    root,
    [
      'export PATH=/postgres/bin',
      'if [ ! -f /data/PG_VERSION ]; then',
      '  echo "$POSTGRES_PASSWORD" > /tmp/password',
      '  initdb -D /data -U "$POSTGRES_USER" --pwfile=/tmp/password -A scram-sha-256 --locale=C --encoding=UTF8 --no-sync',
      '  echo "host all all all scram-sha-256" >> /data/pg_hba.conf',
      '  echo "create database $POSTGRES_DB" | postgres --single -D /data postgres',
      'fi',
      'exec "$@" -D /data -c "listen_addresses=*" -c unix_socket_directories=',
    ],
    [initdb, postgres],
  )
  await cp(native, join(root, 'postgres'), { recursive: true, verbatimSymlinks: true })
}

/**
 * Makes a root file system with bash, the script /start, a user, and the libraries of the programs.
 *
 * @param programs  programs whose libraries are copied; the programs themselves are copied with those in their folder
 */
async function makeRoot(root: string, start: readonly string[], programs: readonly string[] = []): Promise<void> {
  for (const folder of ['bin', 'etc', 'tmp', 'data', 'proc', 'sys', 'dev']) {
    await mkdir(join(root, folder), { recursive: true })
  }
  await chmod(join(root, 'data'), 0o700)
  const bash = '/bin/bash'
  const listed = await Promise.all([bash, ...programs].map((program) => run('ldd', [program])))
  const libraries = listed.flatMap(({ stdout }) => stdout.match(/(?<=\s)\/\S+/g) ?? [])
  const folders = programs.map((program) => dirname(dirname(program)))
  const needed = new Set(libraries.filter((path) => !folders.some((folder) => path.includes(folder))))
  for (const file of [bash, ...needed]) await cp(await realpath(file), join(root, file), { recursive: true })
  await symlink('bash', join(root, 'bin', 'sh'))
  await writeFile(join(root, 'etc', 'passwd'), 'outflow:x:1000:1000::/data:/bin/sh\n')
  await writeFile(join(root, 'etc', 'nsswitch.conf'), 'hosts: files dns\n')
  await writeFile(join(root, 'start'), `#!/bin/bash\nset -e\n${start.join('\n')}\n`, { mode: 0o755 })
}

/** All files belong to the user of the image. */
async function archive(root: string): Promise<string> {
  const file = `${root}.tar`
  await run('tar', ['--create', '--owner=1000', '--group=1000', `--file=${file}`, `--directory=${root}`, '.'])
  return file
}
