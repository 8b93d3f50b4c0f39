import type { LaunchFolder } from './launch-folder.js'

/** What a way to a part is handed. */
export interface PartLaunch {
  readonly folder: LaunchFolder
  readonly signal: AbortSignal | undefined
  readonly say: (line: string) => void
  readonly security?: Security | undefined
}

/** What the embedded servers offer in addition to their plain ports. */
export interface Security {
  readonly kafka: KafkaSecurity
  readonly postgres: PostgresSecurity
}

export interface KafkaSecurity {
  /** Further listeners by name, in capitals, and the protocol of each. */
  readonly listeners: Readonly<Record<string, 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT'>>
  /** Their settings, such as `listener.name.tls.ssl.keystore.location`. */
  readonly settings: Readonly<Record<string, string>>
  /** As `kafka-storage.sh format --add-scram` takes them: `SCRAM-SHA-256=[name=…,password=…]`. */
  readonly scramUsers: readonly string[]
}

/** Postgres takes connections with and without TLS on its one port. */
export interface PostgresSecurity {
  /** PEM. */
  readonly certificate: string
  readonly key: string
  /** Whose client certificates are accepted. */
  readonly clientCa: string
  /** Lines of pg_hba.conf before the usual ones. */
  readonly rules: readonly string[]
}
