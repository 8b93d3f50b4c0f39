/** A server that the launcher can provide. */
export type Part = 'kafka' | 'postgres'

/** Source of a part: a running server that the user names, a container, or a child process. */
export type Tier = 'given' | 'testcontainers' | 'embedded'

/** Stops and starts a part while it is in use: the port stays the same and the data is kept. */
export interface Control {
  /** Shuts it down cleanly; resolves when it has ended. */
  stop(): Promise<void>
  /** Starts it again on the same port and data; resolves when it answers. */
  start(): Promise<void>
  /** Kills it without a shutdown, like a power failure; `start` starts it again. */
  kill(): Promise<void>
}

interface Component {
  readonly tier: Tier
  /** One line for people, e.g. `Kafka 4.1.2 embedded on 127.0.0.1:19211`. Contains no secret. */
  readonly description: string
  /** Absent where the tier is `given`: the launcher does not stop a server that it did not start. */
  readonly control?: Control
}

export interface KafkaComponent extends Component {
  readonly brokers: readonly string[]
  /** `host:port` of each listener of `KafkaSecurity`, by its name. */
  readonly listeners?: Readonly<Record<string, string>>
}

export interface PostgresComponent extends Component {
  /** Connection URL with the password, of a role that may create databases (embedded and testcontainers). */
  readonly url: string
}

interface Components {
  readonly kafka: KafkaComponent
  readonly postgres: PostgresComponent
}

/** The launched servers, and `stop`, which ends them and removes their data. */
export type Infrastructure<P extends Part = Part> = Pick<Components, P> & {
  /** Folder of the launch, also for files of its owner: it is removed with the servers, even after a kill. */
  readonly folder: string
  /** Ends every process, and removes every container and all data of this launch. Safe to call twice. */
  stop(): Promise<void>
}
