import type { Statement } from '../connection/statement.js'
import { outboxColumns } from '../outbox/outbox-message.js'
import type { BatchWrite } from './batch.js'
import {
  anomalyValues,
  deadLetterValues,
  offsetValues,
  pHistogramValues,
  rejectionValues,
  scoreValues,
  shadowValues,
  verdictValues,
  windowValues,
} from './write-batch-values.js'

/** The compare-and-set, and everything that is written only if it succeeds. */
export function writeBatchStatement(batch: BatchWrite): Statement {
  const isFirst = batch.expectedOffset === null
  if (!isFirst && isPlain(batch)) {
    return {
      name: 'write_plain_batch',
      text: PLAIN,
      // $11 … $20
      values: [...offsetValues(batch), ...scoreValues(batch), ...pHistogramValues(batch), batch.skipped ?? 0],
    }
  }
  const { shadow } = batch
  return {
    name: `write_${isFirst ? 'first_' : ''}batch${shadow ? '_with_shadow' : ''}`,
    text: TEXTS[isFirst ? 'first' : 'next'][shadow ? 'withShadow' : 'alone'],
    values: [
      ...offsetValues(batch),
      ...anomalyValues(batch),
      ...deadLetterValues(batch),
      // $28 … $32
      ...outboxColumns(batch.outbox),
      ...scoreValues(batch),
      ...rejectionValues(batch),
      ...windowValues(batch),
      ...verdictValues(batch),
      // $51 … $53
      batch.anomalies.map(({ followingId }) => followingId),
      ...pHistogramValues(batch),
      batch.skipped ?? 0,
      ...(shadow ? shadowValues(shadow) : []),
    ],
  }
}

/** Most small batches: all were scored, and nobody is to be told of any. */
function isPlain({
  anomalies,
  deadLetters,
  outbox,
  rejections,
  windowStates = [],
  fdrState,
  shadow,
}: BatchWrite): boolean {
  const more = [anomalies, deadLetters, outbox, rejections, windowStates]
  return !fdrState && !shadow && more.every(({ length }) => length === 0)
}

// $4 is null on a first batch and is cast so that both texts take the same values.
const CLAIM_FIRST = `
  insert into outflow.offsets (pipeline, topic, partition, next_offset, received, scored, rejected, anomalies, alerts,
                               skipped)
  select $1::text, $2::text, $3::int, $5::bigint, $6::bigint, $7::bigint, $8::bigint, $9::bigint, $10::bigint,
         $53::bigint
  where $4::bigint is null
  on conflict (pipeline, topic, partition) do nothing
  returning pipeline, topic, partition`

// Two writers of one offset: the second waits for the first's row, sees the offset moved, and updates nothing.
/** @param skipped  the parameter */
const claimNext = (skipped: number) => `
  update outflow.offsets
  set next_offset = $5::bigint, received = received + $6::bigint, scored = scored + $7::bigint,
      rejected = rejected + $8::bigint, anomalies = anomalies + $9::bigint, alerts = alerts + $10::bigint,
      skipped = skipped + $${skipped}::bigint, updated_at = now()
  where pipeline = $1::text and topic = $2::text and partition = $3::int and next_offset = $4::bigint
  returning pipeline, topic, partition`

// Whoever commits holds the minute's row until the disk has it, and the other partitions wait behind: eight of them took 19 ms,
// and take 3 without. What a crash of Postgres then loses, offset and all, is read again and written the same. Nobody
// outside can know of it by then: Kafka commits what the relay sends once its number is on disk, and the log keeps their order.
// A first batch is awaited: what begins at `latest` has nowhere else to begin again.
const NOT_AWAITED = `set_config('synchronous_commit', 'off', true) as not_awaited`

/** @param first  parameter of the first of `scoreValues`; @param pHistogram  that of the last column */
const countScores = (first: number, pHistogram: number) => `
  insert into outflow.score_statistics as known (pipeline, minute, model_id, scored, anomalies, nll_min, nll_max,
                                                 nll_sum, histogram, p_histogram)
  select claimed.pipeline, minute.minute, minute.model_id, minute.scored, minute.anomalies, minute.nll_min,
         minute.nll_max, minute.nll_sum, minute.histogram::bigint[], minute.p_histogram::bigint[]
  from claimed, unnest($${first}::timestamptz[], $${first + 1}::text[], $${first + 2}::bigint[], $${first + 3}::bigint[],
                       $${first + 4}::float8[], $${first + 5}::float8[], $${first + 6}::float8[], $${first + 7}::text[],
                       $${pHistogram}::text[])
    as minute (minute, model_id, scored, anomalies, nll_min, nll_max, nll_sum, histogram, p_histogram)
  order by minute.minute, minute.model_id
  on conflict (pipeline, minute, model_id) do update
  set scored = known.scored + excluded.scored, anomalies = known.anomalies + excluded.anomalies,
      nll_min = least(known.nll_min, excluded.nll_min), nll_max = greatest(known.nll_max, excluded.nll_max),
      nll_sum = known.nll_sum + excluded.nll_sum,
      histogram = ${sumOf('histogram')}, p_histogram = ${sumOf('p_histogram')}, updated_at = now()`

// Inline: the row is locked meanwhile, and a function call costs more than the sum.
const sumOf = (counts: string) =>
  `array(select coalesce(x, 0) + coalesce(y, 0) from unnest(known.${counts}, excluded.${counts}) as added (x, y))`

const writeAfter = (claim: string, { more = '', lasting = '' } = {}) => `
with claimed as (${claim}
), found as (
  insert into outflow.anomalies (pipeline, topic, partition, "offset", record_time, event_time, entity_key, record,
                                 nll, p_value, severity, reasons, model_id, p_upper, nearest, missing, following_id)
  select claimed.pipeline, claimed.topic, claimed.partition, anomaly.*
  from claimed, unnest($11::bigint[], $12::timestamptz[], $13::timestamptz[], $14::text[], $15::jsonb[],
                       $16::float8[], $17::float8[], $18::text[], $19::jsonb[], $20::text[], $47::float8[],
                       $48::jsonb[], $50::jsonb[], $51::bigint[]) as anomaly
  on conflict do nothing
), set_aside as (
  insert into outflow.dead_letters (pipeline, topic, partition, "offset", reason, detail, message_key, value_start,
                                    value_bytes, record_time)
  select claimed.pipeline, claimed.topic, claimed.partition, dead_letter.*
  from claimed, unnest($21::bigint[], $22::text[], $23::text[], $24::bytea[], $25::bytea[], $26::int[],
                       $27::timestamptz[]) as dead_letter
  on conflict do nothing
), queued as (
  insert into outflow.outbox (pipeline, kind, topic, message_key, payload, headers)
  select claimed.pipeline, message.kind, message.topic, message.message_key, message.payload, message.headers
  from claimed, unnest($28::text[], $29::text[], $30::bytea[], $31::bytea[], $32::json[])
    with ordinality as message (kind, topic, message_key, payload, headers, place)
  order by message.place
), scores as (${countScores(33, 52)}
), rejections as (
  insert into outflow.rejection_statistics as known (pipeline, minute, reason, rejected)
  select claimed.pipeline, minute.minute, minute.reason, minute.rejected
  from claimed, unnest($41::timestamptz[], $42::text[], $43::bigint[]) as minute (minute, reason, rejected)
  order by minute.minute, minute.reason
  on conflict (pipeline, minute, reason) do update
  set rejected = known.rejected + excluded.rejected, updated_at = now()
), windows as (
  insert into outflow.window_states (pipeline, topic, partition, entity_by, entity, state)
  select claimed.pipeline, claimed.topic, claimed.partition, touched.*
  from claimed, unnest($44::text[], $45::text[], $46::bytea[]) as touched
  on conflict (pipeline, topic, partition, entity_by, entity) do update
  set state = excluded.state, updated_at = now()
), judged as (
  insert into outflow.false_discovery (pipeline, topic, partition, state)
  select claimed.pipeline, claimed.topic, claimed.partition, $49::jsonb from claimed where $49::jsonb is not null
  on conflict (pipeline, topic, partition) do update set state = excluded.state
)${more}
select count(*) > 0 as written,${lasting && ` ${lasting},`}
       case when count(*) > 0 and cardinality($28::text[]) > 0 then pg_notify('outflow_outbox', $1::text) end
from claimed`

// To a batch that tells of nothing most of the above would add nothing, at a third of its cost to Postgres.
const PLAIN = `
with claimed as (${claimNext(20)}
), scores as (${countScores(11, 19)}
)
select count(*) > 0 as written, ${NOT_AWAITED}
from claimed`

// Only while a candidate scores beside.
const COMPARED = `, compared as (
  insert into outflow.shadow_statistics as known (pipeline, shadow_id, model_id, scored, flagged_by_both,
                                                  flagged_by_active, flagged_by_shadow)
  select claimed.pipeline, $54::text, $55::text, $56::bigint, $57::bigint, $58::bigint, $59::bigint from claimed
  on conflict (pipeline, shadow_id, model_id) do update
  set scored = known.scored + excluded.scored, flagged_by_both = known.flagged_by_both + excluded.flagged_by_both,
      flagged_by_active = known.flagged_by_active + excluded.flagged_by_active,
      flagged_by_shadow = known.flagged_by_shadow + excluded.flagged_by_shadow, updated_at = now()
), differing as (
  insert into outflow.shadow_differences (pipeline, topic, partition, shadow_id, model_id, "offset", flagged_by,
                                          record_time, event_time, entity_key, record, nll, p_value, shadow_nll,
                                          shadow_p_value)
  select claimed.pipeline, claimed.topic, claimed.partition, $54::text, $55::text, difference.*
  from claimed, unnest($60::bigint[], $61::text[], $62::timestamptz[], $63::timestamptz[], $64::text[], $65::jsonb[],
                       $66::float8[], $67::float8[], $68::float8[], $69::float8[]) as difference
  on conflict do nothing
)`

const TEXTS = {
  first: { alone: writeAfter(CLAIM_FIRST), withShadow: writeAfter(CLAIM_FIRST, { more: COMPARED }) },
  next: {
    alone: writeAfter(claimNext(53), { lasting: NOT_AWAITED }),
    withShadow: writeAfter(claimNext(53), { more: COMPARED, lasting: NOT_AWAITED }),
  },
} as const
