import { requireRunning, terminateAll } from '../crash/fleet.js'
import { type ServiceProcess, spawnService } from '../support/spawn-service.js'

/** Several alerts services of one pipeline, of which one works at a time. */
export interface Relays {
  /**
   * SIGKILL for the one that took the lead last, whatever it is doing; another is started to stand by. Without one in the lead, as in
   * an outage, for the oldest.
   *
   * @returns whether it was in the lead
   */
  killLeader(): Promise<boolean>
  /** @throws {Error} when one has ended that nobody ended */
  check(): void
  /** Ends all of them gently. */
  stop(): Promise<void>
}

export function startRelays(configFile: string, count: number): Relays {
  const relays = Array.from({ length: count }, () => spawnService('alerts', configFile))
  return {
    killLeader: async () => {
      const since = relays.map(leadsSince)
      const latest = Math.max(...since)
      const which = latest === 0 ? 0 : since.indexOf(latest)
      const [victim] = relays.splice(which, 1)
      await victim!.kill()
      relays.push(spawnService('alerts', configFile))
      return latest > 0
    },
    check: () => requireRunning(relays),
    stop: () => terminateAll(relays),
  }
}

/** When a relay took the lead, epoch ms; 0: it has none, or lost it since. */
function leadsSince({ log }: ServiceProcess): number {
  const lead = log.findLast(({ msg }) => msg === 'leadership taken' || msg === 'relay interrupted')
  return lead?.msg === 'leadership taken' ? Date.parse(String(lead.time)) : 0
}
