import { expect, it } from 'vitest'
import type { AnomalyRow } from '../api/types.js'
import { AnomalyList } from './anomaly-list.js'
import { NO_FILTERS } from './filters.js'

it('shows a verdict on a range on the anomalies of that range only', () => {
  const list = new AnomalyList(NO_FILTERS)
  const at = (time: string) => ({ recordTime: `2026-01-31T${time}:00.000Z`, verdict: null }) as unknown as AnomalyRow
  list.items.value = ['10:00', '09:30', '09:00', '08:59'].map(at)

  list.applyVerdictToAll('expected', { from: '2026-01-31T09:00:00.000Z', to: '2026-01-31T10:00:00.000Z' })

  expect(list.items.value.map(({ verdict }) => verdict)).toEqual([null, 'expected', 'expected', null])
})
