import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { cachedFolder } from './cached-folder.js'
import type { PartLaunch } from './part-launch.js'
import { lastLines, runCommand } from './run-command.js'

const POM = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url))
const MAVEN_PROGRESS_MS = 10_000

type Waiting = Pick<PartLaunch, 'signal' | 'onProgress'>

/**
 * Returns the folder with every jar of the Apache Kafka that kafka/pom.xml names, from the cache or, if it is not cached, from `mvn`,
 * and its version. The cache key is the pom's hash.
 *
 * @throws {ComponentStartFailed} when it is not cached and mvn is missing or fails
 */
export async function resolveKafkaClassPath(waiting: Waiting) {
  const pom = await readFile(POM, 'utf8')
  const version = /<artifactId>kafka_[\d.]+<\/artifactId>\s*<version>([^<]+)</.exec(pom)![1]!
  const key = createHash('sha256').update(pom).digest('hex').slice(0, 16)
  const folder = await cachedFolder(`kafka-${key}`, (fresh) => fetchInto(fresh, version, waiting))
  return { folder, version }
}

async function fetchInto(folder: string, version: string, { signal, onProgress }: Waiting): Promise<void> {
  onProgress(`fetching Apache Kafka ${version} by mvn (once; then it is cached)`)
  const began = Date.now()
  const progress = setInterval(() => {
    onProgress(`still waiting for mvn (${Math.round((Date.now() - began) / 1000)} s)`)
  }, MAVEN_PROGRESS_MS)
  try {
    const goal = ['dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${folder}`]
    await runCommand('mvn', ['--batch-mode', '--quiet', '-Dstyle.color=never', '--file', POM, ...goal], {
      signal,
      // Maven prints the error first, and links to documentation after it.
      reasonOf: (printed) => /\[ERROR\] +(\S.*)/.exec(printed)?.[1] ?? lastLines(printed, 5),
    })
  } finally {
    clearInterval(progress)
  }
}
