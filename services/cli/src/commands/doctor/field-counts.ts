import type { Config, Feature, Rejection } from '@outflow/contracts'
import { PARTITION } from '@outflow/contracts/feature'
import { compilePath, eventReader, makeReader, type RecordDecoder } from '@outflow/records'
import type { KafkaRecord } from '@outflow/streams'
import { formatCount } from '@outflow/terminal'

/** Counts, for each field in a configuration, the records that lack it and those where it has another type. */
export function countFields(config: Pick<Config, 'source' | 'features'>) {
  const fields = fieldsOf(config).map((field) => ({ ...field, absent: 0, wrong: 0, example: '' }))
  let [records, deadLetters, undecodable, example] = [0, 0, 0, '']
  return {
    /** @param decoded  the record, or why it cannot be decoded */
    add: (source: KafkaRecord, decoded: ReturnType<RecordDecoder['decode']>) => {
      records += 1
      if (!('record' in decoded)) {
        undecodable += 1
        deadLetters += 1
        example ||= decoded.detail
        return
      }
      let isRejected = false
      for (const field of fields) {
        const rejection = field.read(source, decoded.record)
        if (rejection !== null) isRejected = true
        if (field.get(decoded.record) === undefined) field.absent += 1
        else if (rejection !== null) {
          field.wrong += 1
          field.example ||= rejection.detail
        }
      }
      if (isRejected) deadLetters += 1
    },
    conclude: () => {
      const decoded = records - undecodable
      // A sentence for records that cannot be decoded, and one for each field that records may not lack or have with another type: first the
      // fields that cause the most dead letters, or that no record has, because not all sentences may be printed.
      const faulty = fields.map((field) =>
        field.isOptional && field.absent < decoded ? { ...field, absent: 0 } : field,
      )
      const problems = undecodable > 0 ? [`${formatCount(undecodable)} cannot be read: ${example}`] : []
      for (const { name, absent, wrong, example } of faulty.toSorted(
        (a, b) => b.wrong + b.absent - a.wrong - a.absent,
      )) {
        if (absent > 0) problems.push(`${name} is absent from ${absent === decoded ? 'all' : formatCount(absent)}`)
        if (wrong > 0) problems.push(`${name} is wrong in ${formatCount(wrong)}: ${example}`)
      }
      // The path of an optional field that is in no record may be misspelt.
      const isFieldUnused = decoded > 0 && fields.some(({ isOptional, absent }) => isOptional && absent === decoded)
      return { records, deadLetters, undecodable, isFieldUnused, problems }
    },
  }
}

/** A path in the configuration, and how ingest reads the value there. */
interface Field {
  readonly name: string
  readonly isOptional: boolean
  readonly get: (record: unknown) => unknown
  readonly read: (source: KafkaRecord, record: unknown) => Rejection | null
}

function fieldsOf({ source, features }: Pick<Config, 'source' | 'features'>): readonly Field[] {
  const { timestamp, key } = source
  const fields = features.flatMap((feature) =>
    feature.type === 'window' ? windowFields(feature, source) : [fieldOf(feature, feature.path)],
  )
  if (key !== undefined) fields.unshift(fieldOf({ path: key, type: 'categorical', optional: true }, 'source.key'))
  const readEvent = eventReader({ timestamp })
  fields.unshift({
    name: timestamp === undefined ? "Kafka's timestamp" : `source.timestamp (${timestamp})`,
    isOptional: false,
    get: timestamp === undefined ? () => true : compilePath(timestamp),
    read: (source, record) => rejectionIn(readEvent(source, record)),
  })
  return fields
}

/** A window without its own entity or time uses those of the source. */
function windowFields(
  { name, aggregate, of, by, at }: Extract<Feature, { type: 'window' }>,
  { timestamp, key }: Pick<Config['source'], 'timestamp' | 'key'>,
): Field[] {
  const fields: Field[] = []
  const type = aggregate === 'distinct' ? 'categorical' : 'numeric'
  if (of !== undefined) fields.push(fieldOf({ path: of, type, optional: true }, `of of ${name}`))
  if (by !== undefined && by !== key && by !== PARTITION) {
    fields.push(fieldOf({ path: by, type: 'categorical', optional: true }, `by of ${name}`))
  }
  if (at !== undefined && at !== timestamp) {
    fields.push(fieldOf({ path: at, type: 'cyclic', period: 'day', optional: false }, `at of ${name}`))
  }
  return fields
}

function fieldOf(feature: Exclude<Feature, { type: 'window' }>, name: string): Field {
  const read = makeReader([feature])
  return {
    name: name === feature.path ? name : `${name} (${feature.path})`,
    isOptional: feature.optional,
    get: compilePath(feature.path),
    read: (_, record) => rejectionIn(read(record)),
  }
}

const rejectionIn = (read: object | Rejection): Rejection | null => ('reason' in read ? (read as Rejection) : null)
