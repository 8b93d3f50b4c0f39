import { getPriority, setPriority } from 'node:os'
import { toOutflowError } from '@outflow/errors'
import { openBackend } from '../tensor/backend.js'
import type { FromFitProcess, ToFitProcess } from './fit.js'
import { train } from './train.js'

// The child process of one fit: receives rows and settings in one message, sends progress, then the flow.

const send = (message: FromFitProcess, then: () => void = () => {}) => process.send?.(message, then)

// The parent has exited; nothing will receive the flow.
process.on('disconnect', () => process.exit(1))

process.once('message', ({ data, settings }: ToFitProcess) => {
  const exit = () => process.exit(0)
  const { niceness = 0, threads } = settings
  // A process may raise its niceness but not lower it. Threads started later inherit it.
  if (niceness > getPriority()) setPriority(niceness)
  // Read by the native library when it loads.
  if (threads !== undefined) process.env.TF_NUM_INTRAOP_THREADS = String(threads)
  openBackend(settings.backend)
    .then((backend) => train(data, settings, backend, (progress) => send({ kind: 'progress', progress })))
    .then((fit) => send({ kind: 'fitted', fit }, exit))
    .catch((thrown: unknown) => {
      const { code, message } = toOutflowError(thrown)
      send({ kind: 'failed', code, message }, exit)
    })
})
