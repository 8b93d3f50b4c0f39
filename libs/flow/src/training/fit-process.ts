import { getPriority, setPriority } from 'node:os'
import { toOutflowError } from '@outflow/errors'
import { openBackend } from '../tensor/backend.js'
import type { FromFitProcess, ToFitProcess } from './fit.js'
import { train } from './train.js'

// The process that one fit lives in: told its rows by one message, it answers with progress and then the flow.

const answer = (message: FromFitProcess, then: () => void = () => {}) => process.send?.(message, then)

// The parent is gone: nobody waits for this flow any more.
process.on('disconnect', () => process.exit(1))

process.once('message', ({ data, settings }: ToFitProcess) => {
  const leave = () => process.exit(0)
  const { niceness = 0, threads } = settings
  // Only ever further back: a process that was started nice may not come forward. Threads that begin later inherit it.
  if (niceness > getPriority()) setPriority(niceness)
  // Read by the native library when it loads.
  if (threads !== undefined) process.env.TF_NUM_INTRAOP_THREADS = String(threads)
  openBackend(settings.backend)
    .then((backend) => train(data, settings, backend, (progress) => answer({ kind: 'progress', progress })))
    .then((fit) => answer({ kind: 'fitted', fit }, leave))
    .catch((thrown: unknown) => {
      const { code, message } = toOutflowError(thrown)
      answer({ kind: 'failed', code, message }, leave)
    })
})
