import type { Delivery } from '@outflow/streams'
import {
  catchError,
  concatMap,
  EMPTY,
  groupBy,
  map,
  mergeMap,
  type Observable,
  type ObservableInput,
  of,
  tap,
} from 'rxjs'
import type {
  CleanBatch,
  ComparedBatch,
  ExplainedBatch,
  JudgedBatch,
  PreparedBatch,
  ReadBatch,
  ScoredBatch,
  WrittenBatch,
} from './batch.js'

export interface IngestSteps {
  readonly prepare: (delivery: Delivery) => ObservableInput<PreparedBatch>
  readonly read: (batch: PreparedBatch) => ReadBatch
  readonly setAside: (batch: ReadBatch) => CleanBatch
  readonly observe: (batch: CleanBatch) => ObservableInput<CleanBatch>
  readonly score: (batch: CleanBatch) => ObservableInput<ScoredBatch>
  readonly judge: (batch: ScoredBatch) => ObservableInput<JudgedBatch>
  readonly compare: (batch: JudgedBatch) => ObservableInput<ComparedBatch>
  readonly explain: (batch: ComparedBatch) => ObservableInput<ExplainedBatch>
  readonly write: (batch: ExplainedBatch) => ObservableInput<WrittenBatch>
}

/**
 * For each partition in order: prepare, read, set rejects aside, look back, score, judge, compare, explain, write; then
 * acknowledge.
 *
 * A delivery runs through all steps before the next of its partition begins. One that can not be processed fails, which
 * ends the stream of deliveries with its error; the offset has not moved.
 */
export const ingest =
  ({ prepare, read, setAside, observe, score, judge, compare, explain, write }: IngestSteps) =>
  (deliveries$: Observable<Delivery>): Observable<WrittenBatch> =>
    deliveries$.pipe(
      groupBy((delivery) => delivery.partitionKey),
      mergeMap((partition$) =>
        partition$.pipe(
          concatMap((delivery) =>
            of(delivery)
              .pipe(
                concatMap(prepare),
                map(read),
                map(setAside),
                concatMap(observe),
                concatMap(score),
                concatMap(judge),
                concatMap(compare),
              )
              .pipe(concatMap(explain), concatMap(write), tap(finish), catchError(failing(delivery))),
          ),
        ),
      ),
    )

/** What another instance has written meanwhile is not acknowledged: the partition is read again from the stored offset. */
function finish({ delivery, outcome, model }: WrittenBatch): void {
  model.giveBack()
  if (outcome === 'written') delivery.acknowledge()
  else delivery.reposition()
}

const failing = (delivery: Delivery) => (error: unknown) => {
  delivery.fail(error)
  return EMPTY
}
