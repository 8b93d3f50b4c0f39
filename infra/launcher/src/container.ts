import { text } from 'node:stream/consumers'
import {
  type ContainerRuntimeClient,
  GenericContainer,
  getContainerRuntimeClient,
  type StartedTestContainer,
  StartupCheckStrategy,
  type StartupStatus,
} from 'testcontainers'
import { LAUNCH_LABEL } from './docker.js'
import { ComponentStartFailed } from './errors.js'
import { findFreePort } from './free-port.js'
import type { Control } from './infrastructure.js'
import type { PartLaunch } from './part-launch.js'
import { messageOf, untilReady } from './readiness.js'
import { lastLines } from './run-command.js'

/** A server that runs in a container. */
interface ContainerSpec {
  readonly image: string
  readonly containerPort: number
  readonly environment: (address: string) => Readonly<Record<string, string>>
  readonly command?: readonly string[]
  readonly probe: (address: string) => Promise<unknown>
}

const START_TIMEOUT_MS = 120_000
const STOP_TIMEOUT_S = 20

/**
 * Starts a container on a host port chosen beforehand, because a port that the engine chooses changes when the
 * container is stopped and started again.
 *
 * testcontainers' own reaper is not used: it needs one more image and a privileged container, and the launch folder's
 * guard removes the containers.
 *
 * @throws {ComponentStartFailed} when no engine answers, the image cannot be pulled, or the server does not answer
 */
export async function startContainer(
  spec: ContainerSpec,
  { folder, signal, onProgress }: PartLaunch,
): Promise<{ readonly address: string; readonly control: Control }> {
  const engine = await getContainerRuntimeClient().catch((cause: unknown) => {
    throw new ComponentStartFailed(`no Docker engine answers: ${messageOf(cause)}`, { cause })
  })
  const { host } = engine.info.containerRuntime
  const local = host === 'localhost'
  const port = await findFreePort()
  const address = `${local ? '127.0.0.1' : host}:${port}`
  folder.recordContainers()
  onProgress(`starting a container of ${spec.image}`)
  const container = new PublishedContainer(spec.image, { container: spec.containerPort, host: port }, local)
    .withLabels({ [LAUNCH_LABEL]: folder.name })
    .withEnvironment(spec.environment(address))
    .withAutoCleanup(false)
    .withWaitStrategy(new IsRunning())
  if (spec.command) container.withCommand([...spec.command])
  const started = await container.start().catch((cause: unknown) => {
    throw new ComponentStartFailed(`a container of ${spec.image} does not start: ${messageOf(cause)}`, { cause })
  })
  const waitUntilReady = () =>
    untilReady({
      what: `${spec.image} on ${address}`,
      probe: () => spec.probe(address),
      ended: () => howItEnded(engine, started),
      timeoutMs: START_TIMEOUT_MS,
      signal,
      onProgress,
    })
  await waitUntilReady()
  return { address, control: controlContainer(engine, started.getId(), waitUntilReady) }
}

/** Publishes its port on the loopback interface only, unless the engine runs on another host. */
class PublishedContainer extends GenericContainer {
  constructor(image: string, port: { readonly container: number; readonly host: number }, local: boolean) {
    super(image)
    this.withExposedPorts(port)
    if (local) {
      this.hostConfig.PortBindings = {
        [`${port.container}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(port.host) }],
      }
    }
  }
}

/** Does not wait: `untilReady` probes the server itself. */
class IsRunning extends StartupCheckStrategy {
  async checkStartupState(): Promise<StartupStatus> {
    return 'SUCCESS'
  }
}

function controlContainer(engine: ContainerRuntimeClient, id: string, waitUntilReady: () => Promise<void>): Control {
  const container = engine.container.getById(id)
  return {
    stop: async () => void (await container.stop({ t: STOP_TIMEOUT_S })),
    kill: async () => void (await container.kill()),
    start: async () => {
      await container.start()
      await waitUntilReady()
    },
  }
}

async function howItEnded(engine: ContainerRuntimeClient, started: StartedTestContainer): Promise<string | undefined> {
  const container = engine.container.getById(started.getId())
  const { State: state } = await container.inspect()
  if (state.Running) return undefined
  // testcontainers separates the engine's stream into lines of stdout and stderr; the stream ends because the container has.
  const log = await text(await started.logs())
  return `exit ${state.ExitCode}; the end of its log:\n${lastLines(log)}`
}
