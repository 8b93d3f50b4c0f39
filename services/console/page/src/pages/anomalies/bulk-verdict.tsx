import { useRef, useState } from 'preact/hooks'
import { write } from '../../api/client.js'
import type { BulkVerdict, Overview, Verdict } from '../../api/types.js'
import { Confirm } from '../../parts/confirm.js'
import { latestList } from '../../state/anomaly-list.js'
import { type Filters, queryOf, VERDICTS } from '../../state/filters.js'
import { notify } from '../../state/notices.js'
import { formatCount, VERDICT_WORDS } from '../../words/format.js'

interface BulkVerdictProps {
  /** Its count is the number of anomalies that get the verdict. */
  readonly overview: Overview
  readonly filters: Filters
  readonly onGiven: () => void
  readonly onClose: () => void
}

/** Dialog for one verdict on all anomalies of the filters. */
export function BulkVerdictForm({ overview, filters, onGiven, onClose }: BulkVerdictProps) {
  const [verdict, setVerdict] = useState<Verdict>('expected')
  const note = useRef<HTMLTextAreaElement>(null)
  const give = async () => {
    const { sort: _, ...query } = queryOf(filters, Date.now())
    const given = Object.entries({ ...query, from: overview.from, to: overview.to }).filter(
      ([, value]) => value !== null && value !== undefined && value !== '',
    )
    const text = note.current?.value.trim() ?? ''
    const { anomalies } = await write<BulkVerdict>('POST', '/anomalies/verdicts', {
      ...{ verdict, filter: Object.fromEntries(given) },
      ...(text === '' ? {} : { note: text }),
    })
    latestList()?.applyVerdictToAll(verdict, overview.to)
    notify('done', `${formatCount(anomalies)} anomalies: ${VERDICT_WORDS[verdict]}`)
    onGiven()
  }
  return (
    <Confirm
      title={`Verdict on ${formatCount(overview.anomalies)} anomalies`}
      action="Give it"
      act={give}
      onClose={onClose}
    >
      <p class="quiet">It is stored on each of them; verdicts that were given before stay in their history.</p>
      <fieldset class="verdict-choice">
        <legend class="unseen">Verdict</legend>
        {VERDICTS.map((choice) => (
          <label key={choice}>
            <input type="radio" name="verdict" checked={verdict === choice} onChange={() => setVerdict(choice)} />{' '}
            {VERDICT_WORDS[choice]}
          </label>
        ))}
      </fieldset>
      <label class="stacked">
        Note for whoever comes after you
        <textarea ref={note} rows={2} maxLength={2_000} />
      </label>
    </Confirm>
  )
}
