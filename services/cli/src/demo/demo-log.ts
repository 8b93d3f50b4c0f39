import { createWriteStream } from 'node:fs'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { type Log, makeLog } from '@outflow/runtime'
import type { DemoView } from './demo-view.js'

export interface DemoLog {
  readonly logOf: (service: string) => Log
  close(): Promise<void>
}

/** The services' log goes into a file, so that the screen stays the demo's; their errors are shown as well. */
export function makeDemoLog(path: string, view: Pick<DemoView, 'say'>): DemoLog {
  const file = createWriteStream(path)
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      const error = errorOf(String(chunk))
      if (error) view.say(error)
      file.write(chunk, () => done())
    },
  })
  return {
    logOf: (service) => makeLog({ service, level: 'info', destination, format: 'json' }),
    close: async () => {
      destination.end()
      await finished(destination)
      file.end()
      await finished(file)
    },
  }
}

function errorOf(line: string): string | null {
  if (!line.includes('"level":"error"')) return null
  const { service, msg, error } = JSON.parse(line) as { service: string; msg: string; error?: { message: string } }
  return `${service}: ${msg}${error ? `: ${error.message}` : ''}`
}
