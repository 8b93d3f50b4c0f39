/** Where a record stands in Kafka: what makes it unique for ever. */
export interface Position {
  readonly topic: string
  readonly partition: number
  /** Never a `number`: Kafka offsets are 64 bits wide. A string in JSON, `bigint` in SQL. */
  readonly offset: bigint
}

export function formatPosition({ topic, partition, offset }: Position): string {
  return `${topic}/${partition}/${offset}`
}
