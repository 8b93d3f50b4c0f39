import { formatPosition, type Position, type RejectionReason } from '@outflow/contracts'
import type { Pool } from '@outflow/store'
import { deadLetterAt, type StoredDeadLetter } from '@outflow/store/dead-letters'
import { UsageError } from '../../errors.js'
import type { PipelineOptions } from '../../store-access.js'

/** The dead letters that a command selects. */
export interface Selection extends PipelineOptions {
  readonly reason?: RejectionReason
  readonly topic?: string
  readonly since?: Date
  readonly limit: number
}

/** @throws {UsageError} when there is no such dead letter */
export async function letterAt(pool: Pool, pipeline: string, position: Position): Promise<StoredDeadLetter> {
  const letter = await deadLetterAt(pool, pipeline, position)
  if (letter !== null) return letter
  throw new UsageError(`no dead letter ${formatPosition(position)}; \`outflow dead-letters list\` lists them`)
}
