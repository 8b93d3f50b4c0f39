/** Position of a record in Kafka; it identifies the record. */
export interface Position {
  readonly topic: string
  readonly partition: number
  /** Never a `number`: Kafka offsets are 64 bits wide. It is a string in JSON, `bigint` in SQL. */
  readonly offset: bigint
}

export function formatPosition({ topic, partition, offset }: Position): string {
  return `${topic}/${partition}/${offset}`
}
