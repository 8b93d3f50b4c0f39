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

/** The inverse of `formatPosition`; null: the text has another form. */
export function parsePosition(text: string): Position | null {
  const [, topic, partition, offset] = /^([^/]+)\/(\d{1,9})\/(\d{1,18})$/.exec(text) ?? []
  return topic === undefined ? null : { topic, partition: Number(partition), offset: BigInt(offset!) }
}

/** The id of an anomaly and of its alert: pipeline/topic/partition/offset. */
export const anomalyId = (pipeline: string, at: Position): string => `${pipeline}/${formatPosition(at)}`

/** The inverse of `anomalyId`; null: the text has another form. */
export function parseAnomalyId(id: string): { readonly pipeline: string; readonly position: Position } | null {
  const [, pipeline, text] = /^([^/]+)\/(.+)$/.exec(id) ?? []
  const position = text === undefined ? null : parsePosition(text)
  return position && { pipeline: pipeline!, position }
}
