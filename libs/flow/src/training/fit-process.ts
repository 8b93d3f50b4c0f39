import { getPriority, setPriority } from 'node:os'
import { toOutflowError } from '@outflow/errors'
import { type BackendName, openBackend } from '../tensor/backend.js'
import type { FromFitProcess, ToFitProcess } from './fit.js'
import type { Fit } from './fit-options.js'
import { train } from './train.js'

// The child process of fits: receives rows and settings of each in one message, sends progress, then the flows.

const send = (message: FromFitProcess, then: () => void = () => {}) => process.send?.(message, then)

// The parent has exited; nothing will receive the flow.
process.on('disconnect', () => process.exit(1))

process.once('message', (tasks: ToFitProcess) => {
  const exit = () => process.exit(0)
  const { niceness = 0, threads, backend } = tasks[0]!.settings
  // A process may raise its niceness but not lower it. Threads started later inherit it.
  if (niceness > getPriority()) setPriority(niceness)
  // Read by the native library when it loads.
  if (threads !== undefined) process.env.TF_NUM_INTRAOP_THREADS = String(threads)
  fitEach(tasks, backend)
    .then((fits) => send({ kind: 'fitted', fits }, exit))
    .catch((thrown: unknown) => {
      const { code, message } = toOutflowError(thrown)
      send({ kind: 'failed', code, message }, exit)
    })
})

async function fitEach(tasks: ToFitProcess, name: BackendName | undefined): Promise<readonly Fit[]> {
  const backend = await openBackend(name)
  const fits: Fit[] = []
  for (const { data, settings } of tasks) {
    fits.push(await train(data, settings, backend, (progress) => send({ kind: 'progress', progress })))
  }
  return fits
}
