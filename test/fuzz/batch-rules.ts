import { fieldsAt } from '@outflow/records/fields'
import type { BatchWrite } from '@outflow/store/batch'
import type { OutboxMessage } from '@outflow/store/outbox'
import { isTombstone, type KafkaHeaders, type KafkaRecord } from '@outflow/streams'
import { batchColumns } from '../../libs/store/src/batch/write-batch-values.js'
import { plainJson } from '../../libs/store/src/connection/postgres-text.js'
import { outboxColumns } from '../../libs/store/src/outbox/outbox-message.js'
import type { ComparedBatch } from '../../services/ingest/src/batch.js'
import { recordsOf } from '../../services/ingest/src/test-builders.js'
import type { Arrival } from './arrivals.js'
import { expectSame, show } from './same-value.js'
import { WrongValue } from './target.js'

/** Counts add up, offsets are complete, dead letters contain the records, and Postgres accepts all text and numbers. */
export function checkWrite(write: BatchWrite, batch: ComparedBatch, tombstones: 'skip' | 'reject'): void {
  const records = [...batch.delivery.records]
  const skipped = tombstones === 'skip' ? records.filter(isTombstone).map(({ offset }) => offset) : []
  expectSame(write.skipped, skipped.length, 'skipped')
  expectSame(write.received, records.length - skipped.length, 'received')
  expectSame(write.received, write.scored + write.deadLetters.length, 'received = scored + rejected')
  expectSame(sum(write.scores.map(({ scored }) => scored)), write.scored, 'scored by minute')
  const scored = recordsOf(batch).map(({ source }) => source.offset)
  const rejected = batch.rejected.map(({ source }) => source.offset)
  expectSame(
    [...scored, ...rejected, ...skipped].toSorted((a, b) => Number(a - b)),
    records.map(({ offset }) => offset),
    'offsets',
  )
  expectSame(write.scored, scored.length, 'scored')
  const anomalies = write.anomalies.map(({ offset }) => offset)
  expectSame(
    anomalies,
    scored.filter((offset) => anomalies.includes(offset)),
    'offsets of anomalies',
  )
  checkDeadLetters(write, batch)
  const alerts = write.outbox.filter(({ kind }) => kind === 'alert')
  expectSame(alerts.length, anomalies.length, 'alerts')
  for (const { payload } of alerts) JSON.parse(String(payload))
  expectSame(write.outbox.length, alerts.length + rejected.length, 'outbox')
  const text = plainJson(batchColumns(write))
  if (REFUSED_JSON.test(text)) throw new WrongValue(`Postgres rejects ${show(text)}`)
  for (const { record } of JSON.parse(text).anomalies) {
    if (REFUSED_JSON.test(record)) throw new WrongValue(`Postgres rejects ${show(record)}`)
  }
  JSON.stringify(batchColumns(write), (name, value) => {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new WrongValue(`${name} is ${value}`)
    return value
  })
  const entities = (write.windowStates ?? []).flatMap(({ by, entity }) => [by, entity])
  for (const value of [...entities, ...outboxColumns(write.outbox).flat()]) {
    if (typeof value === 'string' && value.includes('\0')) throw new WrongValue(`Postgres rejects ${show(value)}`)
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)

/** NUL and lone surrogates, as JSON.stringify writes them; after an escaped backslash they are text. */
const REFUSED_JSON = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i

function checkDeadLetters(write: BatchWrite, { rejected }: ComparedBatch): void {
  const messages = write.outbox.filter(({ kind }) => kind === 'dead_letter')
  expectSame(messages.length, rejected.length, 'dead letters to send')
  rejected.forEach(({ source }, at) => {
    const { offset, key, value } = write.deadLetters[at]!
    expectSame(offset, source.offset, 'offset of a dead letter')
    if (!isStartOf(key, source.key, true) || !isStartOf(value, source.value, true))
      throw new WrongValue(`the dead letter of ${offset} has other bytes`)
    checkDeadLetter(source, messages[at]!)
  })
}

/** A dead letter has the record's key, value and headers in full, or their beginnings if they are too large for a message. */
function checkDeadLetter({ offset, key, value, headers }: KafkaRecord, message: OutboxMessage): void {
  const isWhole = sizeOf(key, value, headers) < 990_000
  const own = message.headers.findIndex(
    ([name, text], at) => at === headers.length || !isHeader(headers[at]!, name, text),
  )
  const isComplete =
    isStartOf(message.key, key, isWhole) &&
    isStartOf(message.payload, value, isWhole) &&
    (isWhole ? own === headers.length : own <= headers.length) &&
    message.headers[own]![0] === 'outflow.reason'
  if (!isComplete) throw new WrongValue(`the dead letter of ${offset} to send is not the record: ${show(message)}`)
  const size = sizeOf(message.key, message.payload, message.headers)
  if (size > 1_000_000) throw new WrongValue(`the dead letter of ${offset} has ${size} bytes`)
}

const isHeader = ([name, value]: KafkaHeaders[number], otherName: string, other: Uint8Array | string | null) =>
  name === otherName && typeof other !== 'string' && isStartOf(other, value, true)

function isStartOf(part: Uint8Array | null, whole: Buffer | null, isWhole: boolean): boolean {
  if (part === null || whole === null) return part === whole
  return (isWhole ? part.length === whole.length : true) && whole.subarray(0, part.length).equals(part)
}

const sizeOf = (key: Uint8Array | null, value: Uint8Array | null, headers: OutboxMessage['headers']): number =>
  (key?.length ?? 0) +
  (value?.length ?? 0) +
  sum(headers.map(([name, own]) => Buffer.byteLength(name) + (own === null ? 0 : Buffer.byteLength(own))))

/** An unchanged record is scored by the values that were written. */
export function checkScored(
  { records, rejected, fields, scores }: ComparedBatch,
  arrivals: readonly Arrival[],
  isTimedByRecord: boolean,
): void {
  const byOffset = new Map(arrivals.map((arrival) => [arrival.source.offset, arrival]))
  for (const { source, rejection } of rejected) {
    const { record } = byOffset.get(source.offset)!
    const isTimeOfYear = source.timestampMs >= YEAR_1_MS && source.timestampMs < YEAR_10000_MS
    if (record !== undefined && (isTimedByRecord || isTimeOfYear))
      throw new WrongValue(`rejected ${show(record)}: ${rejection.detail}`)
  }
  recordsOf({ records }).forEach(({ source, eventTimeMs }, index) => {
    if (Number.isNaN(scores.nll[index]) || !(scores.pValue[index]! > 0 && scores.pValue[index]! <= 1))
      throw new WrongValue(`${source.offset} has the nll ${scores.nll[index]} and the p-value ${scores.pValue[index]}`)
    const { record } = byOffset.get(source.offset)!
    if (record === undefined) return
    const { numbers, categories } = fieldsAt(fields, index)
    expectSame(numbers.slice(0, 2), [record.n, record.m], 'numbers')
    expectSame(categories.slice(0, 2), [record.city, String(record.ok)], 'categories')
    expectSame(eventTimeMs, isTimedByRecord ? Date.parse(record.at) : source.timestampMs, 'event time')
  })
}

const YEAR_1_MS = Date.parse('0001-01-01T00:00:00Z')
const YEAR_10000_MS = Date.parse('9999-12-31T23:59:59.999Z') + 1
