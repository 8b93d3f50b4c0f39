import { createHash } from 'node:crypto'
import type { Execute, Row } from './statement.js'
import type { ModelRow, Tables } from './tables.js'

/** The statements of models: candidates, shadows, promotions and recalibrations. */
export const MODEL_STATEMENTS: Readonly<Record<string, Execute>> = {
  insert_model: ({ models }, values, { nowMs }) => {
    const [, id, artefact, checksum, metadata, metrics, parentId] = values as unknown as [
      ...[string, string, Uint8Array, Buffer, string, string, string | null],
    ]
    if (models.has(id)) return []
    models.set(id, {
      ...{ pipeline: 'p', id, state: 'candidate', parentId, artefact: Buffer.from(artefact) },
      ...{ artefactBytes: artefact.length, checksum: checksum.toString('hex') },
      ...{ metadata: JSON.parse(metadata), metrics: JSON.parse(metrics), createdAt: new Date(nowMs) },
      ...{ promotedAt: null, shadowSince: null },
    })
    return []
  },
  active_model_id: (tables) => idOf(activeOf(tables)),
  load_model: ({ models }, [, id]) => [models.get(id!)].flatMap((row) => (row ? [{ ...row }] : [])),
  model_summary: ({ models }, [, id]) => [models.get(id!)].flatMap((row) => (row ? [summaryOf(row)] : [])),
  list_models: ({ models }) => [...models.values()].toSorted(newestFirst).map(summaryOf),
  earlier_models: ({ models }) =>
    [...models.values()]
      .filter((row) => row.state === 'retired' && isIntact(row))
      .toSorted((a, b) => Number(b.promotedAt) - Number(a.promotedAt) || newestFirst(a, b))
      .map(({ id }) => ({ id })),
  fail_gate: ({ models }, [, id, metrics]) => {
    const row = models.get(id!)
    if (row?.state !== 'candidate' && row?.state !== 'failed_gate') return []
    models.set(row.id, { ...row, state: 'failed_gate', metrics: JSON.parse(metrics!) })
    return [{ id }]
  },

  lock_promotion: () => [],
  deactivate_model: ({ models }, [, id, state]) => {
    for (const row of models.values())
      if (row.state === 'active' && row.id !== id) models.set(row.id, { ...row, state })
    return []
  },
  activate_model: ({ models }, [, id], { nowMs, notify }) => {
    const row = models.get(id!)!
    const promotedAt = row.state === 'active' ? row.promotedAt : new Date(nowMs)
    models.set(row.id, { ...row, state: 'active', promotedAt })
    notify('outflow_models')
    return []
  },
  note_model_change: ({ modelChanges }, [, , modelId, previousId], { nextId }) => {
    modelChanges.set(nextId(), { modelId, previousId })
    return []
  },

  note_recalibration: ({ recalibrations }, [, modelId, recalibration], { nextId, notify }) => {
    const id = nextId()
    recalibrations.set(id, { id, modelId: modelId!, recalibration: JSON.parse(recalibration!) })
    notify('outflow_models')
    return []
  },
  latest_recalibration: ({ recalibrations }, [, modelId]) =>
    [...recalibrations.values()].filter((row) => row.modelId === modelId).slice(-1),

  begin_shadow: ({ models }, [, id], { nowMs, notify }) => {
    const row = models.get(id!)
    if (row?.state !== 'candidate') return []
    models.set(row.id, { ...row, shadowSince: new Date(nowMs) })
    notify('outflow_models')
    return [{}]
  },
  shadow_id: (tables) => idOf(shadowOf(tables)),
  current_shadow: (tables, _, { nowMs }) => {
    const row = shadowOf(tables)
    if (row === undefined) return []
    const counts = [...tables.shadowStatistics.values()].filter(({ shadowId }) => shadowId === row.id)
    const sum = (name: 'scored' | 'byBoth' | 'byActive' | 'byShadow') =>
      counts.reduce((total, count) => total + count[name], 0)
    return [
      {
        ...{ id: row.id, metrics: row.metrics, recordsPerDay: row.metadata.recordsPerDay ?? null },
        ...{ elapsedMs: nowMs - row.shadowSince!.getTime(), scored: sum('scored'), anomaliesByBoth: sum('byBoth') },
        ...{ anomaliesByActive: sum('byActive'), anomaliesByShadow: sum('byShadow') },
        isOutdated: row.parentId !== null && row.parentId !== activeOf(tables)?.id,
      },
    ]
  },
  unpromoted_candidate: (tables) => unpromotedCandidates(tables),
}

/** The newest candidate, if it passed its gate, is neither shadow nor promoted, and its parent is still the active model. */
export function unpromotedCandidates(tables: Tables): Row[] {
  const [newest] = [...tables.models.values()].toSorted(newestFirst)
  const isLeft =
    newest?.state === 'candidate' &&
    newest.shadowSince === null &&
    newest.metrics.passed &&
    newest.parentId === (activeOf(tables)?.id ?? null)
  return isLeft ? [{ id: newest.id }] : []
}

/** Statements of models that change nothing. */
export const MODEL_READS = [
  ...['active_model_id', 'load_model', 'model_summary', 'list_models', 'earlier_models'],
  ...['latest_recalibration', 'shadow_id', 'current_shadow', 'unpromoted_candidate'],
]

const newestFirst = (a: ModelRow, b: ModelRow) => Number(b.createdAt) - Number(a.createdAt) || (a.id < b.id ? -1 : 1)
const activeOf = ({ models }: Tables) => [...models.values()].find(({ state }) => state === 'active')
const shadowOf = ({ models }: Tables) =>
  [...models.values()].find(({ state, shadowSince }) => state === 'candidate' && shadowSince !== null)
const idOf = (row: ModelRow | undefined): Row[] => (row === undefined ? [] : [{ id: row.id }])
const isIntact = ({ artefact, checksum }: ModelRow) => createHash('sha256').update(artefact).digest('hex') === checksum
const summaryOf = ({ artefact: _, ...summary }: ModelRow): Row => summary
