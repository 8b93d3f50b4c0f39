import type { Rejection } from '@outflow/contracts'
import { type OutflowError, toOutflowError } from '@outflow/errors'
import { freeMemory } from '@outflow/records/fields'
import { PositionMoved } from '@outflow/store'
import type { Delivery } from '@outflow/streams'
import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  finalize,
  groupBy,
  map,
  mergeMap,
  type Observable,
  type ObservableInput,
  of,
  tap,
  throwError,
} from 'rxjs'
import type { ComparedBatch, DecidedBatch, PreparedBatch, ReadBatch, ScoredBatch } from './batch.js'
import { failedRecord, isRecordFault } from './record-fault.js'

export interface IngestSteps {
  readonly prepare: (delivery: Delivery) => ObservableInput<PreparedBatch>
  readonly read: (batch: PreparedBatch) => ReadBatch
  readonly observe: (batch: ReadBatch) => ObservableInput<ReadBatch>
  readonly score: (batch: ReadBatch) => ObservableInput<ScoredBatch>
  readonly decide: (batch: ScoredBatch) => ObservableInput<DecidedBatch>
  readonly compare: (batch: DecidedBatch) => ObservableInput<ComparedBatch>
  readonly write: (batch: ComparedBatch) => ObservableInput<ComparedBatch>
}

/** Called as deliveries begin and end. */
export interface IngestWatch {
  readonly begun: (delivery: Delivery) => void
  readonly ended: (delivery: Delivery) => void
  /** Another offset than the expected one is stored, as after a write by another instance. The partition is read again from there. */
  readonly superseded: (delivery: Delivery) => void
  /** A record became a dead letter because it caused an error. */
  readonly recordFailed: (delivery: Delivery, offset: bigint, error: OutflowError) => void
}

/**
 * Processes the deliveries of each partition in order: prepare, read, observe windows, score, decide, compare, write; then acknowledge.
 *
 * A batch in which a record causes an error is halved, and the halves are processed one after the other, each in its own transaction,
 * until the record is alone; it then becomes a dead letter, and all others are scored. A delivery whose expected offset is not the stored
 * one is read again. Any other error fails the delivery and ends the stream of deliveries; the offset has not moved.
 */
export const ingest = (steps: IngestSteps, watch: IngestWatch) => {
  const process = processWith(steps, watch)
  const processAndEnd = (delivery: Delivery): Observable<ComparedBatch> => {
    watch.begun(delivery)
    return process(delivery).pipe(
      tap({ complete: () => delivery.acknowledge() }),
      catchError((error: unknown) => {
        if (error instanceof PositionMoved) {
          watch.superseded(delivery)
          delivery.reposition()
        } else delivery.fail(error)
        return EMPTY
      }),
      finalize(() => watch.ended(delivery)),
    )
  }
  return (deliveries$: Observable<Delivery>): Observable<ComparedBatch> =>
    deliveries$.pipe(
      groupBy((delivery) => delivery.partitionKey),
      mergeMap((partition$) => partition$.pipe(concatMap(processAndEnd))),
    )
}

/** After this many failed records without a scored one in between, the records are not the cause. */
const MOST_FAILED_IN_A_ROW = 100

function processWith(steps: IngestSteps, watch: IngestWatch) {
  let failedInARow = 0

  const attempt = (delivery: Delivery, failed?: Rejection): Observable<ComparedBatch> =>
    defer(() => {
      let batch: ReadBatch | undefined
      return of(delivery).pipe(
        concatMap(steps.prepare),
        map((prepared) => {
          batch = steps.read(failed === undefined ? prepared : { ...prepared, failed })
          return batch
        }),
        concatMap(steps.observe),
        concatMap(steps.score),
        concatMap(steps.decide),
        concatMap(steps.compare),
        concatMap(steps.write),
        finalize(() => {
          if (batch === undefined) return
          batch.model.giveBack()
          freeMemory(batch.fields.numbers)
        }),
      )
    })

  const process = (delivery: Delivery): Observable<ComparedBatch> =>
    attempt(delivery).pipe(
      tap(({ records }) => {
        if (records.length > 0) failedInARow = 0
      }),
      catchError((error: unknown) => (isRecordFault(error) ? isolateFault(delivery, error) : throwError(() => error))),
    )

  /** Processes a delivery in which a record causes an error. */
  const isolateFault = (delivery: Delivery, error: unknown): Observable<ComparedBatch> => {
    const { records } = delivery
    if (records.length === 0) return throwError(() => error)
    if (records.length === 1) {
      failedInARow += 1
      if (failedInARow > MOST_FAILED_IN_A_ROW) return throwError(() => error)
      const { offset } = records.at(0)!
      return attempt(delivery, failedRecord(error)).pipe(
        tap(() => watch.recordFailed(delivery, offset, toOutflowError(error))),
      )
    }
    const half = records.length >> 1
    const middle = records.at(half)!.offset
    const first: Delivery = { ...delivery, records: records.slice(0, half), nextOffset: middle }
    const second: Delivery = { ...delivery, records: records.slice(half), expectedOffset: middle }
    return concat(process(first), process(second))
  }

  return process
}
