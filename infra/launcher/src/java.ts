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
  const printed = await runCommand(java, ['-version'])
  // Versions before 9 begin with 1, such as 1.8.0_392.
  const version = /version "([^"]+)"/.exec(printed)?.[1] ?? 'unknown'
  if (Number.parseInt(version, 10) >= OLDEST_JAVA) return java
  throw new ComponentStartFailed(`Kafka needs Java ${OLDEST_JAVA} or newer; the version of ${java} is ${version}`)
}
