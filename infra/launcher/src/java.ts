import { join } from 'node:path'
import { ComponentStartFailed } from './errors.js'
import { runCommand } from './run-command.js'

const OLDEST_JAVA = 17 // Kafka 4 brokers are compiled for it

/**
 * Finds the Java that runs the broker: the one of JAVA_HOME, otherwise the one on PATH.
 *
 * @throws {ComponentStartFailed} when there is none, or it is older than 17
 */
export async function findJava(): Promise<string> {
  const { JAVA_HOME } = process.env
  const java = JAVA_HOME ? join(JAVA_HOME, 'bin', 'java') : 'java'
  const { stderr } = await runCommand(java, ['-version'])
  const major = javaMajor(stderr)
  if (major === undefined || major < OLDEST_JAVA) {
    throw new ComponentStartFailed(
      `Kafka needs Java ${OLDEST_JAVA} or newer; ${java} is ${major ?? 'of unknown version'}`,
    )
  }
  return java
}

/** Major version from what `java -version` prints: `"17.0.15"` is 17, `"1.8.0_392"` is 8. */
export function javaMajor(printed: string): number | undefined {
  const [, first, second] = /version "(\d+)(?:\.(\d+))?/.exec(printed) ?? []
  if (first === undefined) return undefined
  return first === '1' && second !== undefined ? Number(second) : Number(first)
}
