import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BROKER_SETTINGS, toProperties } from './broker-settings.js'
import { findFreePort } from './free-port.js'
import type { KafkaComponent } from './infrastructure.js'
import { findJava } from './java.js'
import { resolveKafkaClassPath } from './kafka-class-path.js'
import type { PartLaunch } from './part-launch.js'
import { probeKafka } from './probes.js'
import { runCommand } from './run-command.js'
import { superviseProcess } from './supervised-process.js'

// Small and fast to start: the optimising compiler and parallel collectors pay off only in long runs under load.
const JVM_FLAGS = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData']

/**
 * Starts Apache Kafka, broker and controller in one process, on a data folder of this launch.
 *
 * @throws {ComponentStartFailed} when Java is missing or too old, mvn cannot fetch Kafka, or it does not start
 */
export async function startEmbeddedKafka(launch: PartLaunch): Promise<KafkaComponent> {
  const { folder, signal, security } = launch
  const java = await findJava()
  const classPath = await resolveKafkaClassPath(launch)
  const [broker, controller] = [await freeAddress(), await freeAddress()]
  const listeners: Record<string, string> = {}
  for (const name of Object.keys(security?.listeners ?? {})) listeners[name] = await freeAddress()
  const home = join(folder.path, 'kafka')
  const temporary = join(home, 'tmp') // the compression libraries unpack their native code here
  await mkdir(temporary, { recursive: true, mode: 0o700 })
  const settingsFile = join(home, 'server.properties')
  const protocols = { PLAINTEXT: 'PLAINTEXT', CONTROLLER: 'PLAINTEXT', ...security?.listeners }
  const settings = {
    ...BROKER_SETTINGS,
    ...security?.settings,
    listeners: listed({ PLAINTEXT: broker, CONTROLLER: controller, ...listeners }, '://'),
    'advertised.listeners': listed({ PLAINTEXT: broker, ...listeners }, '://'),
    'listener.security.protocol.map': listed(protocols, ':'),
    'controller.quorum.voters': `1@${controller}`,
    'log.dirs': join(home, 'data'),
  }
  await writeFile(settingsFile, toProperties(settings), { mode: 0o600 })
  const jvm = [...JVM_FLAGS, `-Djava.io.tmpdir=${temporary}`, '-cp', join(classPath.folder, '*')]
  const clusterId = randomBytes(16).toString('base64url')
  const users = (security?.scramUsers ?? []).flatMap((user) => ['--add-scram', user])
  await runCommand(
    java,
    [...jvm, 'kafka.tools.StorageTool', 'format', `--cluster-id=${clusterId}`, '-c', settingsFile, ...users],
    { signal },
  )

  const control = superviseProcess({
    ...launch,
    what: `Kafka on ${broker}`,
    command: java,
    args: [...jvm, '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', 'kafka.Kafka', settingsFile],
    logFile: join(folder.path, 'kafka.log'),
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 20_000,
    endBy: 'SIGKILL',
    probe: () => probeKafka([broker], 'coordinators'),
    timeoutMs: 90_000,
  })
  await control.start()
  return {
    tier: 'embedded',
    brokers: [broker],
    listeners,
    description: `Kafka ${classPath.version} embedded on ${broker}`,
    control,
  }
}

const freeAddress = async (): Promise<string> => `127.0.0.1:${await findFreePort()}`

const listed = (values: Readonly<Record<string, string>>, separator: string): string =>
  Object.entries(values)
    .map((entry) => entry.join(separator))
    .join(',')
