import type { Pool } from '@outflow/store'
import type { ComparedRow } from '../bench/same-rows.js'
import { readCommitted, type SeenRecord } from '../support/topic-reader.js'

export interface Run {
  readonly pipeline: string
  readonly brokers: readonly string[]
  readonly alertsTopic: string
  readonly deadLettersTopic: string
}

/** Reads the output of a run in Postgres and on the output topics, when everything of it is stored and sent. */
export async function outcomeOf(pool: Pool, run: Run) {
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

/** Reasons and counterfactuals of the explained anomalies of a run, which are computed after the rest is written. */
export async function reasonsOf(pool: Pool, { pipeline }: Run): Promise<readonly ComparedRow[]> {
  const { rows } = await pool.query(
    `select concat_ws('/', topic, partition, "offset") as id, jsonb_build_object('reasons', reasons, 'counterfactual', counterfactual) as content
     from outflow.anomalies where pipeline = $1 and reasons is not null`,
    [pipeline],
  )
  return rows as readonly ComparedRow[]
}

function alertRow({ key, value }: SeenRecord) {
  const { data } = JSON.parse(String(value)) as { readonly data: Readonly<Record<string, unknown>> }
  const {
    pipeline: _pipeline,
    detectedAt: _detectedAt,
    reasons: _reasons,
    counterfactual: _counterfactual,
    ...lasting
  } = data
  const id = `${data.partition}/${data.offset}`
  return { id, content: { ...lasting, offset: String(data.offset), messageKey: String(key) } }
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
export function outOfOrder(alerts: readonly ReturnType<typeof alertRow>[]): number {
  const last = new Map<string, bigint>()
  let count = 0
  for (const { content } of alerts) {
    const offset = BigInt(content.offset)
    if (offset <= (last.get(content.messageKey) ?? -1n)) count += 1
    last.set(content.messageKey, offset)
  }
  return count
}
