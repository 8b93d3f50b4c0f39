import type { Anomaly } from '../../api/types.js'
import { Badge, Time } from '../../parts/index.js'
import { hrefOf } from '../links.js'

interface AnomalyLinksProps<T extends Anomaly> {
  readonly items: readonly T[]
  /** Shown after each link. */
  readonly note: (item: T) => string
}

export function AnomalyLinks<T extends Anomaly>({ items, note }: AnomalyLinksProps<T>) {
  return (
    <ul class="anomaly-links">
      {items.map((item) => (
        <li key={item.id}>
          <a href={hrefOf(item.id)}>
            <span class="row spread">
              <b>{item.key ?? item.id}</b>
              <span class="quiet">{note(item)}</span>
            </span>
            <span class="why">{item.topReason ?? 'without reasons yet'}</span>
            <span class="quiet small">
              <Time at={item.recordTime} /> {item.verdict !== null && <Badge name={item.verdict} />}
            </span>
          </a>
        </li>
      ))}
    </ul>
  )
}
