import { onTestFinished } from 'vitest'
import { type ServiceName, type ServiceProcess, spawnService } from './spawn-service.js'

export type { LogLine, ServiceProcess } from './spawn-service.js'

/** Starts a service; at the end of the test it is killed if it still runs, and its log is printed if the test failed. */
export function startService(name: ServiceName, ...configFiles: readonly string[]): ServiceProcess {
  const service = spawnService(name, ...configFiles)
  onTestFinished(async ({ task }) => {
    if (!service.hasEnded()) await service.kill()
    if (task.result?.state !== 'fail') return
    const reported = service.log
      .filter(({ level }) => level !== 'debug')
      .map((line) => JSON.stringify(line).slice(0, 600))
    console.error([`the log of ${name} ${service.pid}:`, ...reported, ...service.complaints].join('\n'))
  })
  return service
}
