/** What the launcher can bring. */
export type Part = 'kafka' | 'postgres'

/** Where a part came from: named by the user, a container, or a process of our own. */
export type Tier = 'given' | 'testcontainers' | 'embedded'

/** Stops and starts a part while it is in use: the port stays the same and the data is kept. */
export interface Control {
  /** Ends it in good order; returns when it is gone. */
  stop(): Promise<void>
  /** Starts it again on the same port and data; returns when it answers. */
  start(): Promise<void>
  /** Ends it at once, as a power cut would; `start` brings it back. */
  kill(): Promise<void>
}

interface Component {
  readonly tier: Tier
  /** One line for people, e.g. `Kafka 4.1.2 embedded on 127.0.0.1:19211`. Holds no secret. */
  readonly description: string
  /** Absent where the tier is `given`: what others run is not ours to stop. */
  readonly control?: Control
}

export interface KafkaComponent extends Component {
  readonly brokers: readonly string[]
  /** `host:port` of each further listener that was asked for, by its name. */
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

/** The parts that were asked for, and the way to be rid of them. */
export type Infrastructure<P extends Part = Part> = Pick<Components, P> & {
  /** Ends every process, removes every container and all data that this launch made. Safe to call twice. */
  stop(): Promise<void>
}
