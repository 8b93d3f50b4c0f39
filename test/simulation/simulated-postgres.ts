import type { ListenerOptions, Pool } from '@outflow/store'
import { Connection, type NetworkFaults } from './network.js'
import type { Process, Scheduler } from './scheduler.js'
import {
  DatabaseError,
  type ServerSession,
  SimulatedClient,
  SimulatedListener,
  type Statement,
} from './simulated-client.js'
import { partitionsOf, READS, STATEMENTS } from './simulated-statements.js'
import { copyTables, makeTables, replaceTables, type Tables } from './tables.js'

interface PostgresOptions {
  readonly scheduler: Scheduler
  readonly faults: NetworkFaults
  /** One in this many writes fails, as on a full disk; 0: none. */
  readonly refused: { readonly oneIn: number }
  /** Whether it crashes. A crash loses commits that were not awaited. */
  readonly crashes: boolean
  /** One in this many commits that were not awaited is followed by a crash; 0: none. */
  readonly crashesAfterCommit: { readonly oneIn: number }
}

/** An open transaction: its tables, and the release of its locks. */
interface Transaction {
  readonly tables: Tables
  readonly release: () => void
}

// As openPool sets them.
const STATEMENT_TIMEOUT_MS = 30_000
const ANSWER_TIMEOUT_MS = 35_000
// wal_writer_delay
const WAL_WRITER_MS = 200

/** The part of Postgres that the store uses: sessions, transactions, locks, and commits that a crash may undo. */
export class SimulatedPostgres {
  readonly tables = makeTables()
  readonly sessions = new Set<number>()
  /** Called after each commit. */
  readonly onCommit = new Set<() => void>()
  /** Called with the channel when a commit notifies it. */
  readonly onNotify = new Set<(channel: string) => void>()
  /** Called when a crash has undone commits. */
  readonly onCrash = new Set<() => void>()
  readonly #connections = new Set<Connection>()
  readonly #locks = new Map<string, Promise<void>>()
  #onDisk = makeTables()
  #lastSession = 0
  #lastOutboxId = 0n
  #lastId = 0n
  /** Number of crashes so far. */
  crashes = 0

  constructor(readonly options: PostgresOptions) {
    if (options.crashes) this.#writeLog()
  }

  /** Ends all sessions, and discards commits that are not on disk. */
  crash(): void {
    const { scheduler } = this.options
    scheduler.trace(scheduler.nowMs, 'postgres', 'crashes')
    this.crashes += 1
    this.sessions.clear()
    this.#locks.clear()
    replaceTables(this.tables, this.#onDisk)
    for (const connection of this.#connections) connection.breakFromAfar()
    this.#connections.clear()
    for (const crashed of this.onCrash) crashed()
  }

  openPool(process: Process): Pool {
    const idle: SimulatedClient[] = []
    const lent = new Set<SimulatedClient>()
    let onReturned: () => void = () => {}
    let isEnded = false
    const connect = async (): Promise<SimulatedClient> => {
      if (isEnded) throw new Error('Cannot use a pool after calling end on the pool')
      let client = idle.pop()
      while (client?.isUsable === false) client = idle.pop()
      if (client !== undefined) {
        lent.add(client)
        return client
      }
      const opened = new SimulatedClient(
        (onClosed) => this.#connect(process, onClosed),
        (returned) => {
          lent.delete(returned)
          if (returned.isUsable) idle.push(returned)
          onReturned()
        },
      )
      // As pg does, the end of the pool waits for a connection that is being opened.
      lent.add(opened)
      try {
        await opened.open()
      } catch (error: unknown) {
        lent.delete(opened)
        onReturned()
        throw error
      }
      return opened
    }
    const pool = {
      connect,
      query: async (statement: Statement | string) => {
        const client = await connect()
        try {
          const result = await client.query(statement)
          client.release()
          return result
        } catch (error: unknown) {
          client.release(error as Error)
          throw error
        }
      },
      end: async () => {
        isEnded = true
        while (lent.size > 0)
          await new Promise<void>((resolve) => {
            onReturned = resolve
          })
        for (const client of idle.splice(0)) client.close()
      },
    }
    return pool as unknown as Pool
  }

  #connect(process: Process, onClosed: () => void): { readonly connection: Connection; readonly session: Session } {
    const { scheduler, faults } = this.options
    const session = new Session(this, ++this.#lastSession)
    const connection: Connection = new Connection(scheduler, process, {
      ...{ name: 'postgres', faults, timeoutMs: ANSWER_TIMEOUT_MS, onClosed },
      onTimeout: () => new Error('Query read timeout'),
      onBroken: () => new Error('Connection terminated unexpectedly'),
      onEnded: () => {
        this.#connections.delete(connection)
        session.end()
      },
    })
    this.#connections.add(connection)
    return { connection, session }
  }

  /** Makes listening clients of a process, for the store's `makeClient`. */
  readonly listenerOf =
    (process: Process): NonNullable<ListenerOptions['makeClient']> =>
    () =>
      new SimulatedListener(
        process,
        (onClosed) => this.#connect(process, onClosed),
        this.options.scheduler,
        this.onNotify,
      ) as never

  nextOutboxId(): bigint {
    return ++this.#lastOutboxId
  }

  nextId(): bigint {
    return ++this.#lastId
  }

  committed(channels: Iterable<string>): void {
    for (const done of this.onCommit) done()
    for (const channel of channels) for (const notified of this.onNotify) notified(channel)
  }

  /** Waits for a lock. @throws {DatabaseError} after the statement's time */
  async lock(name: string): Promise<() => void> {
    const { scheduler } = this.options
    const before = this.#locks.get(name) ?? Promise.resolve()
    let free: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      free = resolve
    })
    this.#locks.set(
      name,
      before.then(() => held),
    )
    let isLate = false
    let cancel: () => void = () => {}
    const late = new Promise<void>((resolve) => {
      cancel = scheduler.after(STATEMENT_TIMEOUT_MS, null, () => {
        isLate = true
        resolve()
      })
    })
    await Promise.race([before, late])
    cancel()
    if (isLate) {
      free()
      throw new DatabaseError('57014', 'canceling statement due to statement timeout')
    }
    return free
  }

  /** With the probability of `crashesAfterCommit`, crashes before the log writer flushes the commit. */
  crashSoon(): void {
    const { scheduler, crashes, crashesAfterCommit } = this.options
    if (!crashes || crashesAfterCommit.oneIn === 0 || !scheduler.random.oneIn(crashesAfterCommit.oneIn)) return
    scheduler.after(scheduler.random.below(50), null, () => this.crash())
  }

  /** Writes all commits so far to disk. */
  flush(): void {
    if (this.options.crashes) this.#onDisk = copyTables(this.tables)
  }

  #writeLog(): void {
    this.options.scheduler.after(WAL_WRITER_MS, null, () => {
      this.flush()
      this.#writeLog()
    })
  }
}

class Session implements ServerSession {
  #transaction: Transaction | null = null
  #isInTransaction = false
  #isAwaited = true
  readonly #channels = new Set<string>()

  constructor(
    private readonly postgres: SimulatedPostgres,
    readonly id: number,
  ) {}

  begin(): void {
    this.postgres.sessions.add(this.id)
  }

  /** Rolls back the open transaction. */
  end(): void {
    this.postgres.sessions.delete(this.id)
    this.#transaction?.release()
    this.#transaction = null
  }

  async run(statement: Statement | string): Promise<{ readonly rows: readonly object[] }> {
    const { postgres } = this
    if (!postgres.sessions.has(this.id))
      throw new DatabaseError('57P01', 'terminating connection due to administrator command')
    if (typeof statement === 'string') return this.#control(statement)
    const execute = STATEMENTS[statement.name]
    if (execute === undefined) throw new Error(`the statement ${statement.name} is not simulated`)
    const { scheduler, refused } = postgres.options
    const ids = Array.from({ length: messagesIn(statement) }, () => postgres.nextOutboxId())
    const context = {
      ...{ nowMs: scheduler.nowMs, session: this.id, isOpen: (id: number) => postgres.sessions.has(id) },
      nextOutboxId: () => ids.shift()!,
      nextId: () => postgres.nextId(),
      notify: (channel: string) => void this.#channels.add(channel),
    }
    const apply = (tables: Tables) => ({ rows: execute(tables, statement.values, context) })
    if (READS.has(statement.name)) return apply(this.#transaction?.tables ?? postgres.tables)
    if (refused.oneIn > 0 && scheduler.random.oneIn(refused.oneIn))
      throw new DatabaseError('53100', 'could not extend file: No space left on device')
    if (statement.name === 'claim_outbox_order') this.#isAwaited = false
    if (this.#isInTransaction) {
      this.#transaction ??= { release: await postgres.lock('all'), tables: copyTables(postgres.tables) }
      return apply(this.#transaction.tables)
    }
    return this.#commitAlone(statement, apply)
  }

  /** Runs a statement outside of a transaction: locks its rows, and commits after some time; a crash in between undoes it. */
  async #commitAlone(
    { name, values }: Statement,
    apply: (tables: Tables) => { readonly rows: readonly object[] },
  ): Promise<{ readonly rows: readonly object[] }> {
    const { postgres } = this
    const { scheduler } = postgres.options
    const { crashes } = postgres
    const isBatch = BATCHES.has(name)
    const unlockRows: (() => void)[] = []
    for (const row of isBatch ? partitionsOf(values[0]!) : []) unlockRows.push(await postgres.lock(row))
    try {
      if (isBatch) await scheduler.pause(scheduler.random.pick([0, 0, 1, 20, 300]))
      const unlockAll = await postgres.lock('all')
      try {
        if (crashes !== postgres.crashes) throw new DatabaseError('57P02', 'the server crashed')
        const result = apply(postgres.tables)
        if (isBatch || NOT_AWAITED.has(name)) postgres.crashSoon()
        else postgres.flush()
        this.#announce()
        return result
      } finally {
        unlockAll()
      }
    } finally {
      for (const unlock of unlockRows) unlock()
    }
  }

  #control(text: string): { readonly rows: readonly object[] } {
    const { postgres } = this
    if (text === 'begin') this.#isInTransaction = true
    if (text === 'commit' && this.#transaction) {
      replaceTables(postgres.tables, this.#transaction.tables)
      if (this.#isAwaited) postgres.flush()
      else postgres.crashSoon()
      this.#announce()
    }
    if (text === 'commit' || text === 'rollback') {
      this.#transaction?.release()
      this.#transaction = null
      this.#isInTransaction = false
      this.#isAwaited = true
      this.#channels.clear()
    }
    return { rows: [] }
  }

  #announce(): void {
    this.postgres.committed([...this.#channels])
    this.#channels.clear()
  }
}

const BATCHES = new Set(['write_batches', 'write_batches_with_shadow', 'write_plain_batches'])
/** Statements with synchronous_commit off, in addition to batches. */
const NOT_AWAITED = new Set(['take_outbox', 'delete_outbox_through'])

/** Number of messages that a batch adds to the outbox; their ids are assigned before its commit. */
function messagesIn({ name, values }: Statement): number {
  const messages: readonly unknown[] =
    name === 'write_batches' || name === 'write_batches_with_shadow'
      ? values[7]!
      : name === 'queue_messages'
        ? values[1]!
        : []
  return messages.length
}
