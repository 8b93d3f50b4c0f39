import { eventually } from '../support/eventually.js'
import { type ServiceName, type ServiceProcess, spawnService } from '../support/spawn-service.js'

export type Fleet = ReturnType<typeof startFleet>

/** Starts the services of one pipeline: two or three ingests, and relays and trainers, one of each leading. */
export function startFleet(configFile: string, size: number, others: readonly ('alerts' | 'trainer')[] = ['alerts']) {
  const start = (name: ServiceName) => spawnService(name, configFile)
  const ingests = Array.from({ length: size }, () => start('ingest'))
  const leaders = others.map((name) => ({ name, service: start(name) }))
  const all = () => [...ingests, ...leaders.map(({ service }) => service)]
  return {
    ingests: ingests as readonly ServiceProcess[],
    /** Starts one more ingest, which causes a rebalance. */
    join: () => void ingests.push(start('ingest')),
    /** SIGTERM for one ingest, which causes a rebalance as well. */
    leave: async (which: number) => {
      const [leaving] = ingests.splice(which, 1)
      await leaving!.terminate()
    },
    /** SIGKILL for one ingest, at a random moment; another one replaces it. */
    killIngest: async (which: number) => {
      await ingests[which]!.kill()
      ingests[which] = start('ingest')
    },
    /** The same for the oldest relay or trainer, which leads. */
    kill: async (name: 'alerts' | 'trainer') => {
      const [oldest] = leaders.splice(
        leaders.findIndex((own) => own.name === name),
        1,
      )
      await oldest!.service.kill()
      leaders.push({ name, service: start(name) })
    },
    /** @throws {Error} when a service has ended without a signal */
    check: () => {
      const dead = all().find((service) => service.hasEnded())
      if (dead !== undefined) throw new Error(`a service ended unexpectedly:\n${endOf(dead)}`)
    },
    /** Ends all of them with SIGTERM. @throws {Error} when one does not drain */
    stop: async () => {
      const running = all().filter((service) => !service.hasEnded())
      const ends = await Promise.all(running.map((service) => service.terminate()))
      const failed = running.find((_, at) => ends[at]!.code !== 0)
      if (failed !== undefined) throw new Error(`a service did not drain:\n${endOf(failed)}`)
    },
  }
}

/** Waits for a condition. @throws {Error} when a service of the fleet ends meanwhile */
export async function untilFleet(
  fleet: Fleet,
  ask: () => Promise<boolean>,
  what: string,
  withinMs = 180_000,
): Promise<void> {
  await eventually(
    async () => {
      fleet.check()
      // Postgres may be down at the moment.
      return ask().catch(() => false)
    },
    { what, withinMs, everyMs: 50 },
  )
}

/** The last lines of its log, and its output on stderr. */
function endOf({ log, complaints }: ServiceProcess): string {
  return [...log.slice(-20).map((line) => JSON.stringify(line)), ...complaints].join('\n')
}
