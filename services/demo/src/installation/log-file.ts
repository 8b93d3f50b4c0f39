import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { type Log, makeLog } from '@outflow/runtime'
import { DemoFailed } from '../errors.js'

/**
 * Opens the log file of the services, so that stderr has only the demo's progress.
 *
 * @param onError  called when a service logs an error: data would be lost, or a person is needed; `reportErrorsTo` replaces it
 */
export function openLogFile(path: string, onError: (error: DemoFailed) => void) {
  let report = onError
  const file = createWriteStream(path)
  const destination = {
    write: (line: string): void => {
      if (line.includes('"level":"error"')) report(failureOf(line))
      file.write(line)
    },
  }
  return {
    logOf: (service: string): Log => makeLog({ service, level: 'info', destination }),
    reportErrorsTo: (to: typeof onError): void => {
      report = to
    },
    close: async (): Promise<void> => {
      file.end()
      await finished(file)
    },
  }
}

function failureOf(line: string): DemoFailed {
  const { service, msg, error } = JSON.parse(line) as { service: string; msg: string; error?: { message: string } }
  return new DemoFailed(`${service}: ${msg}${error ? `: ${error.message}` : ''}`)
}
