import { setTimeout as sleep } from 'node:timers/promises'
import { eventually } from '../support/eventually.js'
import { type ServiceProcess, spawnService } from '../support/spawn-service.js'

/** The ingests and the relay of one pipeline, two or three and one. */
export interface Fleet {
  readonly ingests: readonly ServiceProcess[]
  /** Starts one more ingest: a rebalance. */
  join(): void
  /** SIGTERM for one: a rebalance, too. */
  leave(which: number): Promise<void>
  /** SIGKILL for one, whatever it is doing; another takes its place. */
  killIngest(which: number): Promise<void>
  killRelay(): Promise<void>
  /** @throws {Error} when one has ended that nobody ended */
  check(): void
  /** Ends all of them gently. */
  stop(): Promise<void>
}

export function startFleet(configFile: string, size: number): Fleet {
  const ingests = Array.from({ length: size }, () => spawnService('ingest', configFile))
  let relay = spawnService('alerts', configFile)
  return {
    ingests,
    join: () => void ingests.push(spawnService('ingest', configFile)),
    leave: async (which) => {
      const [leaving] = ingests.splice(which, 1)
      await leaving!.terminate()
    },
    killIngest: async (which) => {
      await ingests[which]!.kill()
      ingests[which] = spawnService('ingest', configFile)
    },
    killRelay: async () => {
      await relay.kill()
      relay = spawnService('alerts', configFile)
    },
    check: () => {
      const dead = [...ingests, relay].find((service) => service.hasEnded())
      if (dead === undefined) return
      throw new Error(
        `a service ended unexpectedly:\n${[...dead.log.slice(-5).map((line) => JSON.stringify(line)), ...dead.complaints].join('\n')}`,
      )
    },
    stop: async () => {
      await Promise.all(
        [...ingests, relay].filter((service) => !service.hasEnded()).map((service) => service.terminate()),
      )
    },
  }
}

/** Waits until what is asked for is so, unless a service of the fleet ends meanwhile. */
export async function untilFleet(
  fleet: Fleet,
  ask: () => Promise<boolean>,
  what: string,
  withinMs = 180_000,
): Promise<void> {
  await eventually(
    async () => {
      fleet.check()
      // The store may be away at the moment.
      return ask().catch(() => false)
    },
    { what, withinMs, everyMs: 50 },
  )
}

/** What can be stopped and started under a pipeline. */
export interface Outage {
  stop(): Promise<void>
  start(): Promise<void>
  kill(): Promise<void>
}

export async function takeAway(part: Outage, how: 'stop' | 'kill', forMs: number): Promise<void> {
  await part[how]()
  await sleep(forMs)
  await part.start()
}
