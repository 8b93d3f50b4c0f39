import { createHash } from 'node:crypto'
import { runConsole } from '@outflow/console'
import type { Role } from '@outflow/contracts/role'
import { makeVitals } from '@outflow/runtime'
import { configWith } from './config-with.js'
import { kafkaBrokers } from './infrastructure.js'
import { testLog } from './test-log.js'

export type ConsoleUnderTest = Awaited<ReturnType<typeof aConsole>>

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: each test states what it expects
  readonly body: any
}

interface ConsoleOptions {
  readonly databaseUrl: string
  readonly pipeline: string
  /** As in outflow.yaml. */
  readonly console?: object
  readonly detection?: object
  /** Default: a free port. */
  readonly port?: number
}

/** Runs the console in this process, over real HTTP on loopback. */
export async function aConsole({ databaseUrl, pipeline, console = {}, detection = {}, port = 0 }: ConsoleOptions) {
  const config = configWith({
    pipeline,
    kafka: { brokers: kafkaBrokers() },
    postgres: { url: databaseUrl },
    source: { topics: [`${pipeline}-source`] },
    alerts: { topic: `${pipeline}-alerts` },
    deadLetters: { topic: `${pipeline}-dead` },
    http: { ports: { console: port } },
    console,
    detection,
  })
  const stop = new AbortController()
  let running: Promise<void> = Promise.resolve()
  const url = await new Promise<string>((onServed, onFailed) => {
    running = runConsole({ config, log: testLog(), vitals: makeVitals({ pipeline }), signal: stop.signal, onServed })
    running.catch(onFailed)
  })
  return {
    url,
    config,
    /** Sends a request and returns the answer, parsed if it is JSON. */
    ask: async (path: string, { token, ...options }: RequestInit & { token?: string } = {}): Promise<Answer> => {
      const headers = new Headers(options.headers)
      if (token !== undefined) headers.set('authorization', `Bearer ${token}`)
      if (options.body !== undefined) headers.set('content-type', 'application/json')
      const response = await fetch(`${url}${path}`, { redirect: 'manual', ...options, headers })
      const text = await response.text()
      const isJson = response.headers.get('content-type')?.includes('json') ?? false
      return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
    },
    close: () => {
      stop.abort()
      return running
    },
  }
}

/** The configuration of a console with a user of each of these roles, who logs in by this token. */
export const withTokens = (tokens: Partial<Record<Role, string>>) => ({
  authentication: {
    tokens: Object.entries(tokens).map(([role, token]) => ({
      name: `a ${role}`,
      role,
      sha256: createHash('sha256').update(token).digest('hex'),
    })),
  },
})
