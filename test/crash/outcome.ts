import type { Pool } from '@outflow/store'
import type { ComparedRow } from '../bench/same-rows.js'
import { readCommitted, type SeenRecord } from '../support/topic-reader.js'

/** Output of one run of a stream in Postgres and on the output topics. */
export type Outcome = Readonly<Record<OutcomePart, readonly ComparedRow[]>>

export const OUTCOME_PARTS = [
  'partitions',
  'anomalies',
  'deadLetters',
  'scoresPerMinute',
  'rejectionsPerMinute',
  'alertMessages',
  'deadLetterMessages',
] as const
export type OutcomePart = (typeof OUTCOME_PARTS)[number]

/** Reasons and counterfactual of an anomaly, which are computed after the rest is written. */
export type Reasons = readonly ComparedRow[]

export interface Run {
  readonly pipeline: string
  readonly brokers: readonly string[]
  readonly alertsTopic: string
  readonly deadLettersTopic: string
}

/** Reads the output of a run, when everything of it is stored and sent. */
export async function outcomeOf(pool: Pool, run: Run): Promise<Outcome> {
  const rows = (idColumns: string, table: string) => comparedRows(pool, run.pipeline, idColumns, table)
  const [alerts, deadLetters] = await Promise.all([
    readCommitted(run.brokers, run.alertsTopic),
    readCommitted(run.brokers, run.deadLettersTopic),
  ])
  return {
    partitions: await rows('topic, partition', 'offsets'),
    anomalies: await rows('topic, partition, "offset"', 'anomalies'),
    deadLetters: await rows('topic, partition, "offset"', 'dead_letters'),
    scoresPerMinute: await rows('minute, model_id', 'score_statistics'),
    rejectionsPerMinute: await rows('minute, reason', 'rejection_statistics'),
    alertMessages: alerts.map(alertRow),
    deadLetterMessages: deadLetters.map(deadLetterRow),
  }
}

/** Whole rows, without the run's name, times, and values that depend on reasons. */
async function comparedRows(
  pool: Pool,
  pipeline: string,
  idColumns: string,
  table: string,
): Promise<readonly ComparedRow[]> {
  const { rows } = await pool.query(
    `select concat_ws('/', ${idColumns}) as id,
            to_jsonb(found) - array['pipeline', 'updated_at', 'detected_at', 'rejected_at', 'reasons', 'counterfactual', 'main_field'] as content
     from outflow.${table} found where pipeline = $1`,
    [pipeline],
  )
  return rows as readonly ComparedRow[]
}

/** The reasons of the explained anomalies of a run. */
export async function reasonsOf(pool: Pool, { pipeline }: Run): Promise<Reasons> {
  const { rows } = await pool.query(
    `select concat_ws('/', topic, partition, "offset") as id, jsonb_build_object('reasons', reasons, 'counterfactual', counterfactual) as content
     from outflow.anomalies where pipeline = $1 and reasons is not null`,
    [pipeline],
  )
  return rows as Reasons
}

function alertRow({ key, value }: SeenRecord): ComparedRow {
  const { data } = JSON.parse(String(value)) as { readonly data: Readonly<Record<string, unknown>> }
  const {
    pipeline: _pipeline,
    detectedAt: _detectedAt,
    reasons: _reasons,
    counterfactual: _counterfactual,
    ...lasting
  } = data
  return { id: `${data.partition}/${data.offset}`, content: { ...lasting, messageKey: String(key) } }
}

function deadLetterRow({ key, value, headers }: SeenRecord): ComparedRow {
  const { 'outflow.rejected-at': _rejectedAt, ...lasting } = Object.fromEntries(
    Object.entries(headers).map(([name, text]) => [name, String(text)]),
  )
  return {
    id: `${lasting['outflow.partition']}/${lasting['outflow.offset']}`,
    content: { key: key?.toString('hex'), value: value?.toString('hex'), headers: lasting },
  }
}

/** Number of alerts that precede one of their key with a smaller offset. */
export async function outOfOrder({ brokers, alertsTopic }: Run): Promise<number> {
  const last = new Map<string, bigint>()
  let count = 0
  for (const { key, value } of await readCommitted(brokers, alertsTopic)) {
    const { data } = JSON.parse(String(value)) as { readonly data: { readonly offset: string } }
    const offset = BigInt(data.offset)
    if (offset <= (last.get(String(key)) ?? -1n)) count += 1
    last.set(String(key), offset)
  }
  return count
}
