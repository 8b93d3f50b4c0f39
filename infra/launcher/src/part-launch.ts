import type { LaunchFolder } from './launch-folder.js'

/** Arguments of a function that provides a part. */
export interface PartLaunch {
  readonly folder: LaunchFolder
  readonly signal: AbortSignal | undefined
  readonly onProgress: (line: string) => void
  readonly security?: KafkaSecurity | undefined
}

/** TLS and logins of the embedded Kafka, on additional ports. */
export interface KafkaSecurity {
  /** Protocol of each additional listener, by its name in capitals. */
  readonly listeners: Readonly<Record<string, 'SSL' | 'SASL_SSL' | 'SASL_PLAINTEXT'>>
  /** Their settings, such as `listener.name.tls.ssl.keystore.location`. */
  readonly settings: Readonly<Record<string, string>>
  /** Arguments of `kafka-storage.sh format --add-scram`: `SCRAM-SHA-256=[name=…,password=…]`. */
  readonly scramUsers: readonly string[]
}
