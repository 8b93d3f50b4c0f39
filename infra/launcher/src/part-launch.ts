import type { LaunchFolder } from './launch-folder.js'

/** Arguments of a function that provides a part. */
export interface PartLaunch {
  readonly folder: LaunchFolder
  readonly signal: AbortSignal | undefined
  readonly onProgress: (line: string) => void
  readonly security?: Security | undefined
}

/** TLS and logins of the embedded servers, on additional ports. */
export interface Security {
  readonly kafka: KafkaSecurity
  readonly postgres: PostgresSecurity
}

export interface KafkaSecurity {
  /** Protocol of each additional listener, by its name in capitals. */
  readonly listeners: Readonly<Record<string, 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT'>>
  /** Their settings, such as `listener.name.tls.ssl.keystore.location`. */
  readonly settings: Readonly<Record<string, string>>
  /** Arguments of `kafka-storage.sh format --add-scram`: `SCRAM-SHA-256=[name=…,password=…]`. */
  readonly scramUsers: readonly string[]
}

/** Postgres accepts connections with and without TLS on the same port. */
export interface PostgresSecurity {
  /** PEM. */
  readonly certificate: string
  readonly key: string
  /** CA whose client certificates are accepted, PEM. */
  readonly clientCa: string
  /** Lines of pg_hba.conf, put before the default ones. */
  readonly rules: readonly string[]
}
