import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ComponentStartFailed } from './errors.js'
import type { PartLaunch } from './part-launch.js'
import { lastLines, runCommand } from './run-command.js'
import type { Environment } from './tiers.js'

interface KafkaClassPath {
  /** Folder with every jar of the broker. */
  readonly folder: string
  readonly version: string
}

const POM = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url))
const ABANDONED_AFTER_MS = 3_600_000
const MAVEN_PROGRESS_MS = 10_000

/**
 * Returns the class path of the Apache Kafka that kafka/pom.xml names, from the cache or, if it is not cached, from `mvn`.
 *
 * The cache key is the pom's hash. A class path is resolved in a temporary folder that is then renamed, so that
 * concurrent or killed processes leave either a complete class path or none.
 *
 * @throws {ComponentStartFailed} when it is not cached and mvn is missing or fails
 */
export async function resolveKafkaClassPath(
  waiting: Pick<PartLaunch, 'signal' | 'onProgress'>,
): Promise<KafkaClassPath> {
  const pom = await readFile(POM, 'utf8')
  const folder = join(cacheFolder(process.env), classPathKey(pom))
  const version = kafkaVersion(pom)
  if (!existsSync(folder)) await fetchInto(folder, version, waiting)
  return { folder, version }
}

/** The user's cache for outflow. @see XDG Base Directory Specification */
export function cacheFolder(env: Environment): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'outflow')
}

export function classPathKey(pom: string): string {
  return `kafka-${createHash('sha256').update(pom).digest('hex').slice(0, 16)}`
}

export function kafkaVersion(pom: string): string {
  const version = /<artifactId>kafka_[\d.]+<\/artifactId>\s*<version>([^<]+)</.exec(pom)?.[1]
  if (version === undefined) throw new ComponentStartFailed(`${POM} names no kafka_* artefact with a version`)
  return version
}

async function fetchInto(
  folder: string,
  version: string,
  { signal, onProgress }: Pick<PartLaunch, 'signal' | 'onProgress'>,
) {
  await mkdir(join(folder, '..'), { recursive: true })
  await removeAbandoned(folder)
  const fresh = `${folder}.${process.pid}-${randomBytes(4).toString('hex')}`
  onProgress(`fetching Apache Kafka ${version} by mvn (once; then it is cached)`)
  const began = Date.now()
  const progress = setInterval(() => {
    onProgress(`still waiting for mvn (${Math.round((Date.now() - began) / 1000)} s)`)
  }, MAVEN_PROGRESS_MS)
  try {
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${fresh}`]
    await runCommand('mvn', ['--batch-mode', '--quiet', '-Dstyle.color=never', '--file', POM, ...goal], {
      signal,
      reasonOf: firstError,
    })
    await rename(fresh, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error // otherwise another process has stored the same jars
    })
  } finally {
    clearInterval(progress)
    await rm(fresh, { recursive: true, force: true })
  }
}

/** Maven prints the error first, and links to documentation after it. */
function firstError(printed: string): string {
  return /\[ERROR\] +(\S.*)/.exec(printed)?.[1] ?? lastLines(printed, 5)
}

/** Removes temporary folders of processes that were killed while they fetched. */
async function removeAbandoned(folder: string): Promise<void> {
  const cache = join(folder, '..')
  for (const name of await readdir(cache)) {
    const path = join(cache, name)
    if (!path.startsWith(`${folder}.`)) continue
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(path, { recursive: true, force: true })
  }
}
