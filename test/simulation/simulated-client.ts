import { EventEmitter } from 'node:events'
import type { Connection } from './network.js'

/** A statement as the store hands it over: prepared, under a name. */
export interface Statement {
  readonly name: string
  readonly values: readonly never[]
}

/** A session at the server. */
export interface ServerSession {
  begin(): void
  run(statement: Statement | string): Promise<{ readonly rows: readonly object[] }>
}

/** A client of `pg`, as the store uses one. */
export class SimulatedClient extends EventEmitter {
  readonly #connection: Connection
  readonly #session: ServerSession

  /** @param connect  opens a connection and its session; is handed what to call when the connection breaks */
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

/** What `pg` makes of an error that the server sends. */
export class DatabaseError extends Error {
  readonly severity = 'ERROR'

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}
