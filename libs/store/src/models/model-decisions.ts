import type { Queryable } from '../connection/pool.js'
import { run } from '../connection/statement.js'
import { differingFacts } from './model-facts.js'
import { loadModel, type ModelSummary } from './models.js'

/** Loads two models, and how they differ in configuration, in the results of the gate, and in what they found. @throws {ModelUnknown | ModelDamaged} */
export async function loadDifference(
  db: Queryable,
  { pipeline, ids }: { readonly pipeline: string; readonly ids: readonly [first: string, second: string] },
) {
  const first = await loadModel(db, { pipeline, id: ids[0] })
  const second = await loadModel(db, { pipeline, id: ids[1] })
  return {
    first,
    second,
    facts: differingFacts(first, second),
    /** null: they never scored the same records. */
    decisions: await decisionDifference(db, first, second),
    fields: await fieldDifferences(db, first, second),
  }
}

/** Decisions of two models on the same records: numbers of anomalies of both, and of only one. */
export interface DecisionDifference {
  /** The records that a shadow and the active model scored, or those that were held out from the fit. */
  readonly on: 'live records' | 'held-out records'
  readonly records: number
  readonly both: number
  readonly first: number
  readonly second: number
}

/** Compares the decisions of two models; null if they never scored the same records. */
export async function decisionDifference(
  db: Queryable,
  first: ModelSummary,
  second: ModelSummary,
): Promise<DecisionDifference | null> {
  const live = (await liveDecisions(db, first, second)) ?? swapped(await liveDecisions(db, second, first))
  return live ?? heldOutDecisions(first, second) ?? swapped(heldOutDecisions(second, first))
}

async function liveDecisions(
  db: Queryable,
  shadow: ModelSummary,
  active: ModelSummary,
): Promise<DecisionDifference | null> {
  const [counts] = await run<Omit<DecisionDifference, 'on'>>(db, {
    name: 'shadow_decisions',
    text: `
      select scored::float8 as records, anomalies_by_both::float8 as both, anomalies_by_shadow::float8 as first,
             anomalies_by_active::float8 as second
      from analyst.shadows
      where pipeline = $1 and shadow_id = $2 and model_id = $3 and scored > 0`,
    values: [shadow.pipeline, shadow.id, active.id],
  })
  return counts === undefined ? null : { on: 'live records', ...counts }
}

function heldOutDecisions({ metrics }: ModelSummary, { id }: ModelSummary): DecisionDifference | null {
  const { anomaliesBy, checked } = metrics
  if (anomaliesBy?.incumbentId !== id) return null
  const { both, candidate, incumbent } = anomaliesBy
  return { on: 'held-out records', records: checked, both, first: candidate, second: incumbent }
}

const swapped = (difference: DecisionDifference | null): DecisionDifference | null =>
  difference && { ...difference, first: difference.second, second: difference.first }

/** Anomalies of two models by field of the main reason, in a million records; null: the model's statistics or anomalies are not kept. */
interface FieldDifference {
  /** null: anomalies without reasons. */
  readonly field: string | null
  readonly first: number | null
  readonly second: number | null
}

/** Compares how often each field was the main reason under two models, the largest change first. */
async function fieldDifferences(
  db: Queryable,
  first: ModelSummary,
  second: ModelSummary,
): Promise<readonly FieldDifference[]> {
  return run<FieldDifference>(db, {
    name: 'field_differences',
    text: `
      with fields as (
        select model_id, field, per_million from analyst.model_fields where pipeline = $1 and model_id in ($2, $3)
      ), known as (
        select model_id from analyst.score_statistics where pipeline = $1 and model_id in ($2, $3) group by 1
        having sum(anomalies) = 0 or model_id in (select model_id from fields)
      ), counted as (
        select field, max(per_million) filter (where model_id = $2) as first,
               max(per_million) filter (where model_id = $3) as second
        from fields
        group by 1
      )
      select field, case when $2 in (select model_id from known) then coalesce(first, 0) end as first,
             case when $3 in (select model_id from known) then coalesce(second, 0) end as second
      from counted
      order by abs(coalesce(first, 0) - coalesce(second, 0)) desc, field`,
    values: [first.pipeline, first.id, second.id],
  })
}
