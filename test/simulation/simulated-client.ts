import { EventEmitter } from 'node:events'
import type { Connection } from './network.js'
import { PIPELINE } from './pipeline-config.js'
import type { Process, Scheduler } from './scheduler.js'

/** A named prepared statement of the store. */
export interface Statement {
  readonly name: string
  readonly values: readonly never[]
}

/** A session at the server. */
export interface ServerSession {
  begin(): void
  run(statement: Statement | string): Promise<{ readonly rows: readonly object[] }>
}

/** The part of a client of `pg` that the store uses. */
export class SimulatedClient extends EventEmitter {
  readonly #connection: Connection
  readonly #session: ServerSession

  /** @param connect  opens a connection and its session; its argument is called when the connection breaks */
  constructor(
    connect: (onClosed: () => void) => { readonly connection: Connection; readonly session: ServerSession },
    private readonly giveBack: (client: SimulatedClient) => void,
  ) {
    super()
    const { connection, session } = connect(() => this.emit('error', new Error('Connection terminated unexpectedly')))
    this.#connection = connection
    this.#session = session
    // As openPool does.
    this.on('error', () => {})
  }

  get isUsable(): boolean {
    return this.#connection.isOpen
  }

  async open(): Promise<void> {
    try {
      await this.#connection.request('connect', () => this.#session.begin())
    } catch (cause: unknown) {
      this.close()
      throw Object.assign(new Error('connect ECONNREFUSED', { cause }), { code: 'ECONNREFUSED' })
    }
  }

  async query(statement: Statement | string): Promise<{ readonly rows: readonly object[] }> {
    if (!this.isUsable) throw new Error('Client has encountered a connection error and is not queryable')
    const what = typeof statement === 'string' ? statement : statement.name
    return this.#connection.request(what, () => this.#session.run(statement))
  }

  release(error?: Error | boolean): void {
    if (error) this.close()
    this.giveBack(this)
  }

  close(): void {
    this.#connection.close()
  }
}

/** The part of a listening client of `pg` that the store uses. */
export class SimulatedListener extends SimulatedClient {
  readonly #channels = new Set<string>()
  readonly #notify: (channel: string) => void

  constructor(
    process: Process,
    connect: ConstructorParameters<typeof SimulatedClient>[0],
    scheduler: Scheduler,
    private readonly onNotify: Set<(channel: string) => void>,
  ) {
    super(connect, () => {})
    this.#notify = (channel) => {
      if (!this.#channels.has(channel)) return
      scheduler.after(scheduler.random.below(50), process, () => {
        if (this.isUsable) this.emit('notification', { channel, payload: PIPELINE })
      })
    }
  }

  async connect(): Promise<void> {
    this.onNotify.add(this.#notify)
    await this.open()
  }

  override async query(statement: Statement | string): Promise<{ readonly rows: readonly object[] }> {
    const result = await super.query(statement)
    if (typeof statement === 'string') this.#channels.add(statement.replace('listen ', ''))
    return result
  }

  async end(): Promise<void> {
    this.onNotify.delete(this.#notify)
    this.close()
  }
}

/** The error that `pg` throws for an error of the server. */
export class DatabaseError extends Error {
  readonly severity = 'ERROR'

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}
