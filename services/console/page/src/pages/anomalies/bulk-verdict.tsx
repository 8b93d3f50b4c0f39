import type { Verdict } from '@outflow/contracts/verdict'
import { given, serverNow, write } from '../../api/client.js'
import type { BulkVerdict, Overview } from '../../api/types.js'
import { latestList } from '../../state/anomaly-list.js'
import { type Filters, formatFilters, queryOf } from '../../state/filters.js'
import { notify } from '../../state/notices.js'
import { formatCount, formatName } from '../../words/format.js'
import { VerdictForm } from '../verdict-form.js'

interface BulkVerdictProps {
  /** Its count is the number of anomalies that get the verdict. */
  readonly overview: Overview
  readonly filters: Filters
  readonly onGiven: () => void
  readonly onClose: () => void
}

export function BulkVerdictForm({ overview, filters, onGiven, onClose }: BulkVerdictProps) {
  const give = async (verdict: Verdict, note: string) => {
    const { anomalies } = await write<BulkVerdict>('POST', '/anomalies/verdicts', {
      verdict,
      ...given({ note }),
      filter: given({ ...queryOf(filters, serverNow()), from: overview.from, to: overview.to }),
    })
    latestList()?.applyVerdictToAll(verdict, overview)
    notify('done', `${counted(anomalies)}: ${formatName(verdict)}`)
    onGiven()
  }
  return (
    <VerdictForm
      title={`Verdict on ${counted(overview.anomalies)}`}
      about={formatFilters(filters)}
      initial="expected"
      give={give}
      onClose={onClose}
    >
      <p class="quiet">It is stored on each of them; verdicts that were given before stay in their history.</p>
    </VerdictForm>
  )
}

const counted = (anomalies: number): string => `${formatCount(anomalies)} ${anomalies === 1 ? 'anomaly' : 'anomalies'}`
