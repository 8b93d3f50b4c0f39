import type { BatchContext } from './encoded-record.js'

/**
 * A record of a batch that was not read, or the end of a batch without its last records, with kafkajs's property names: it has a position
 * and a time, but neither key nor value.
 */
export class UnreadableRecord {
  readonly key = null
  readonly value = null

  /**
   * @param why              why there are no bytes
   * @param isControlRecord  whether consumers pass over it
   */
  constructor(
    readonly batchContext: BatchContext,
    readonly offset: string,
    readonly why: string,
    readonly isControlRecord = false,
  ) {}

  get timestamp(): string {
    return this.batchContext.maxTimestamp
  }
}
