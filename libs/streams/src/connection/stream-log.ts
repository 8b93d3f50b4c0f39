/** Logger for Kafka's client, with constant messages; a pino logger implements it. */
export interface StreamLog {
  debug(fields: object, message: string): void
  warn(fields: object, message: string): void
}
