import { formatShare } from '@outflow/contracts/wording'
import type { AnomalyDetail, Similar } from '../../api/types.js'
import { Shown } from '../../parts/index.js'
import { useRead } from '../../state/resource.js'
import { withPipeline } from '../../state/session.js'
import { AnomalyLinks } from './anomaly-links.js'

/** Earlier anomalies with the same main fields, and their verdicts. */
export function SimilarAnomalies({ anomaly: { id, key, reasons } }: { anomaly: AnomalyDetail }) {
  const field = reasons[0]?.field
  const similar = useRead<Similar>(`/anomalies/${encodeURIComponent(id)}/similar`, { limit: 6 })
  return (
    <section aria-labelledby="similar" class="panel">
      <div class="row spread head">
        <h2 id="similar">Similar before</h2>
        {field !== undefined && (
          <a class="small" href={withPipeline('/', { key, field })}>
            List and give one verdict
          </a>
        )}
      </div>
      <Shown of={similar} what="similar anomalies">
        {({ items }) =>
          items.length === 0 ? (
            <p class="quiet">There is none with the same main fields.</p>
          ) : (
            <AnomalyLinks items={items} note={({ similarity }) => formatShare(Math.round(similarity * 100) / 100)} />
          )
        }
      </Shown>
    </section>
  )
}
