import { anomalyId, type Reason } from '@outflow/contracts'
import type { StoredAnomaly } from '@outflow/store/anomalies'
import { ByteWriter, type ColumnSource, ParquetWriter } from 'hyparquet-writer'
import { makeCsvWriter, type Output } from '../../files/open-output.js'

/** Writes anomalies in one format, batch by batch. */
export interface AnomalyWriter {
  write(anomalies: readonly StoredAnomaly[]): Promise<void>
  /** Writes what the format requires after the last row. */
  end(): Promise<void>
}

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number]
type Type = Pick<SchemaElement, 'type' | 'converted_type' | 'logical_type'>

const BOOLEAN: Type = { type: 'BOOLEAN' }
const INT32: Type = { type: 'INT32' }
const INT64: Type = { type: 'INT64' }
const DOUBLE: Type = { type: 'DOUBLE' }
const TEXT: Type = { type: 'BYTE_ARRAY', converted_type: 'UTF8' }
// Readers that support time zones, such as pandas and DuckDB, read it as UTC and not as a local time.
const TIME: Type = {
  type: 'INT64',
  converted_type: 'TIMESTAMP_MILLIS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MILLIS' },
}

interface Column<Row = StoredAnomaly> {
  readonly name: string
  readonly type: Type
  readonly optional?: true
  readonly of: (row: Row) => unknown
}

/** The columns of the view analyst.anomalies. */
const COLUMNS: readonly Column[] = [
  { name: 'event_time', type: TIME, of: ({ eventTimeMs }) => new Date(eventTimeMs) },
  { name: 'record_time', type: TIME, of: ({ recordTimeMs }) => new Date(recordTimeMs) },
  { name: 'id', type: TEXT, of: (anomaly) => anomalyId(anomaly.pipeline, anomaly) },
  { name: 'entity_key', type: TEXT, optional: true, of: ({ entityKey }) => entityKey },
  { name: 'severity', type: TEXT, of: ({ severity }) => severity },
  { name: 'why', type: TEXT, optional: true, of: ({ reasons }) => reasons?.[0]?.text ?? null },
  { name: 'main_field', type: TEXT, optional: true, of: ({ reasons }) => reasons?.[0]?.field ?? null },
  { name: 'verdict', type: TEXT, optional: true, of: ({ verdict }) => verdict },
  { name: 'record', type: TEXT, of: ({ record }) => JSON.stringify(record) },
  { name: 'nll', type: DOUBLE, of: ({ nll }) => nll },
  { name: 'p_value', type: DOUBLE, of: ({ pValue }) => pValue },
  { name: 'p_upper', type: DOUBLE, of: ({ pUpper }) => pUpper },
  { name: 'surprise_bits', type: DOUBLE, of: ({ pValue }) => -Math.log2(pValue) },
  {
    name: 'counterfactual',
    type: TEXT,
    optional: true,
    of: ({ counterfactual }) => counterfactual && JSON.stringify(counterfactual),
  },
  { name: 'windowed', type: TEXT, optional: true, of: ({ windowed }) => windowed && JSON.stringify(windowed) },
  { name: 'model_id', type: TEXT, of: ({ modelId }) => modelId },
  { name: 'provisional', type: BOOLEAN, of: ({ provisional }) => provisional },
  { name: 'recalibration_id', type: INT64, optional: true, of: ({ recalibrationId }) => recalibrationId },
  { name: 'detected_at', type: TIME, of: ({ detectedAt }) => detectedAt },
  { name: 'rescored', type: BOOLEAN, of: ({ rescored }) => rescored },
  { name: 'unexplainable', type: TEXT, optional: true, of: ({ unexplainable }) => unexplainable },
  { name: 'pipeline', type: TEXT, of: ({ pipeline }) => pipeline },
  { name: 'topic', type: TEXT, of: ({ topic }) => topic },
  { name: 'partition', type: INT32, of: ({ partition }) => partition },
  { name: 'offset', type: INT64, of: ({ offset }) => offset },
]

/** Lists in Parquet are JSON in CSV. */
const CSV_COLUMNS: readonly Pick<Column, 'name' | 'of'>[] = [
  ...COLUMNS,
  { name: 'missing', of: ({ missing }) => JSON.stringify(missing) },
  { name: 'reasons', of: ({ reasons }) => reasons && JSON.stringify(reasons) },
]

/**
 * Anomalies as CSV, one line each below a header; lists and objects are JSON in their cell, times ISO 8601.
 *
 * A text that a spreadsheet would run as a formula is preceded by an apostrophe.
 */
export function csvWriter(output: Output): AnomalyWriter {
  const cast = { string: escapeFormula, date: (time: Date) => time.toISOString() }
  const columns = CSV_COLUMNS.map(({ name }) => name)
  const writeRows = makeCsvWriter(output, columns, cast)
  const cellsOf = (anomaly: StoredAnomaly) => CSV_COLUMNS.map(({ of }) => of(anomaly))
  return {
    write: async (anomalies) => {
      for (let at = 0; at < anomalies.length; at += ROWS_PER_TEXT)
        await writeRows(anomalies.slice(at, at + ROWS_PER_TEXT).map(cellsOf))
    },
    // A file without rows has the header line too.
    end: () => writeRows([]),
  }
}

// The cells and texts of a whole batch take several times the memory of the anomalies.
const ROWS_PER_TEXT = 500

// Entities, values and topics come from the stream. @see OWASP, CSV Injection
const FORMULA_START = /^[=+\-@\t\r]/

const escapeFormula = (text: string): string => (FORMULA_START.test(text) ? `'${text}` : text)

const REASON: readonly Column<Reason>[] = [
  { name: 'field', type: TEXT, of: ({ field }) => field },
  { name: 'bits', type: DOUBLE, of: ({ bits }) => bits },
  { name: 'observed', type: TEXT, optional: true, of: ({ observed }) => asText(observed) },
  { name: 'expected', type: TEXT, optional: true, of: ({ expected }) => asText(expected) },
  { name: 'text', type: TEXT, of: ({ text }) => text },
]

const asText = (value: number | string | null): string | null => (value === null ? null : String(value))

const leaf = ({ name, type, optional }: Omit<Column, 'of'>): SchemaElement => ({
  ...type,
  name,
  repetition_type: optional ? 'OPTIONAL' : 'REQUIRED',
})

// Parquet requires three schema levels for a list. @see apache/parquet-format, LogicalTypes.md, Lists
const listOf = (name: string, element: readonly SchemaElement[]): SchemaElement[] => [
  { name, converted_type: 'LIST', repetition_type: 'REQUIRED', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  ...element,
]

const SCHEMA: SchemaElement[] = [
  { name: 'anomalies', num_children: COLUMNS.length + 2 },
  ...COLUMNS.map(leaf),
  ...listOf('missing', [leaf({ name: 'element', type: TEXT })]),
  ...listOf('reasons', [
    { name: 'element', repetition_type: 'REQUIRED', num_children: REASON.length },
    ...REASON.map(leaf),
  ]),
]

/** Anomalies as Parquet, compressed with Snappy: a row group per write, so that memory holds one at most. */
export function parquetWriter(output: Output): AnomalyWriter {
  const bytes = new ByteWriter()
  const writer = new ParquetWriter({ writer: bytes, schema: SCHEMA, createdBy: 'outflow' })
  const drain = async () => {
    const chunk = bytes.getBytes().slice()
    bytes.index = 0
    await output.write(chunk)
  }
  return {
    write: async (anomalies) => {
      await writer.write({ columnData: columnsOf(anomalies), rowGroupSize: anomalies.length })
      await drain()
    },
    end: async () => {
      await writer.finish()
      await drain()
    },
  }
}

function columnsOf(anomalies: readonly StoredAnomaly[]): ColumnSource[] {
  const reasons = ({ reasons }: StoredAnomaly) =>
    (reasons ?? []).map((reason) => Object.fromEntries(REASON.map(({ name, of }) => [name, of(reason)])))
  return [
    ...COLUMNS.map(({ name, of }) => ({ name, data: anomalies.map(of) })),
    { name: 'missing', data: anomalies.map(({ missing }) => missing) },
    { name: 'reasons', data: anomalies.map(reasons) },
  ]
}
