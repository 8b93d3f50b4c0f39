import { wholeRecord } from '@outflow/records'
import type { BatchWrite } from '@outflow/store/batch'
import { of } from 'rxjs'
import type { IngestSteps } from './pipeline.js'
import { type DecideOptions, decideWith } from './steps/decide.js'
import { type PrepareOptions, prepareWith } from './steps/prepare.js'
import { type ReadOptions, readWith } from './steps/read.js'
import { score } from './steps/score.js'
import { type WriteOptions, writeWith } from './steps/write.js'
import { aLease, aReader } from './test-builders.js'

/** Options of tests and the fuzzer for the steps of a pipeline that writes to memory. */
interface StepsInMemory extends Pick<ReadOptions, 'borrowModel' | 'readerFor'> {
  readonly decoder: PrepareOptions['decoder'] & Parameters<typeof wholeRecord>[0]
  /** Default: reject. */
  readonly tombstones?: ReadOptions['tombstones']
  /** Default: 0.01. */
  readonly alertRate?: number
  /** Default: reports nothing. */
  readonly telemetry?: StepTelemetry
}

type StepTelemetry = PrepareOptions['telemetry'] & ReadOptions['telemetry'] & WriteOptions['telemetry']

/** The steps of a pipeline without windowed features and without a shadow model; each write is appended to `writes`. */
export function stepsInMemory(
  writes: BatchWrite[],
  { decoder, borrowModel, readerFor, tombstones = 'reject', alertRate = 0.01, telemetry = SILENT }: StepsInMemory,
): IngestSteps {
  return {
    prepare: prepareWith({ decoder, telemetry, signal: new AbortController().signal }),
    read: aReadStep({ tombstones, borrowModel, readerFor, telemetry }),
    observe: (batch) => of(batch),
    score,
    decide: aDecideStep({ alertRate }),
    compare: (batch) => of(batch),
    write: writeInMemory(writes, { recordOf: wholeRecord(decoder), telemetry }),
  }
}

/** The step that reads; default: for the test detector, with tombstones rejected. */
export const aReadStep = (overrides: Partial<ReadOptions> = {}): ReturnType<typeof readWith> =>
  readWith({
    borrowModel: () => aLease(),
    readerFor: aReader,
    tombstones: 'reject',
    telemetry: SILENT,
    ...overrides,
  })

/** The step that decides; default: at an alert rate of 0.01. */
export function aDecideStep(
  detection: DecideOptions['detection'] = { alertRate: 0.01 },
  overrides: Partial<DecideOptions> = {},
): ReturnType<typeof decideWith> {
  return decideWith({
    detection,
    storedState: async () => null,
    telemetry: { stateReadRetried: () => {} },
    signal: new AbortController().signal,
    ...overrides,
  })
}

/** The write step, which appends each write to `writes`. */
export function writeInMemory(
  writes: BatchWrite[],
  overrides: Partial<WriteOptions> = {},
): ReturnType<typeof writeWith> {
  return writeWith({
    recordOf: () => ({}),
    config: aWriteConfig(),
    writeBatch: async (write) => {
      writes.push(write)
      return 'written'
    },
    telemetry: SILENT,
    signal: new AbortController().signal,
    ...overrides,
  })
}

/** The configuration of the write step. */
export function aWriteConfig(alerts: Partial<WriteOptions['config']['alerts']> = {}): WriteOptions['config'] {
  return {
    pipeline: 'flights',
    alerts: { topic: 'flights.alerts', provisional: false, ...alerts },
    deadLetters: { topic: 'flights.dead' },
    console: {},
  }
}

const SILENT: StepTelemetry = {
  schemaFetchRetried: () => {},
  recordFailed: () => {},
  writeRetried: () => {},
}
