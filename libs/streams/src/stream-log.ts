/** Log of Kafka's client, with constant messages; pino's loggers fit. */
export interface StreamLog {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}
