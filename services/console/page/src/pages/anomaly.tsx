import { formatMistake, formatRarity } from '@outflow/contracts/wording'
import { useEffect } from 'preact/hooks'
import { queryString } from '../api/client.js'
import type { AnomalyDetail } from '../api/types.js'
import { Badge, Fact, SeverityBadge, Shown, Time, useTitle } from '../parts/index.js'
import { latestList } from '../state/anomaly-list.js'
import { copy } from '../state/clipboard.js'
import { formatFilters } from '../state/filters.js'
import { navigate } from '../state/location.js'
import { useRead } from '../state/resource.js'
import { useShortcuts } from '../state/shortcuts.js'
import { shortId } from '../words/format.js'
import { AlertPanel } from './anomaly/alert-panel.js'
import { EntityHistory } from './anomaly/entity-history.js'
import { Reasons } from './anomaly/reasons.js'
import { RecordTable } from './anomaly/record-table.js'
import { ScoreDetails } from './anomaly/score-details.js'
import { SimilarAnomalies } from './anomaly/similar-anomalies.js'
import { ValuesAround } from './anomaly/values-around.js'
import { VerdictPanel } from './anomaly/verdict-panel.js'
import { hrefOf, ModelLink } from './links.js'

/** The page of one anomaly, with its verdicts. */
export function AnomalyPage({ id }: { id: string }) {
  const anomaly = useRead<AnomalyDetail>(`/anomalies/${encodeURIComponent(id)}`)
  const near = neighbours(id)
  useEffect(() => {
    if (near.isAtEnd) void latestList()?.readNextPage()
  }, [near.isAtEnd])
  const back = backToList(id)
  useShortcuts({ j: () => step(near.next), k: () => step(near.previous), u: () => navigate(back) })
  useTitle(anomaly.data?.key ?? id)
  return (
    <div class="page anomaly">
      <nav class="row spread head" aria-label="Breadcrumbs">
        <a href={back}>← Anomalies</a>
        <span class="row">
          <button type="button" class="link" onClick={() => copy('The link', window.location.href)}>
            Copy link
          </button>
          {near.previous !== null && <a href={hrefOf(near.previous)}>Previous</a>}
          {near.next !== null && <a href={hrefOf(near.next)}>Next</a>}
        </span>
      </nav>
      <Shown of={anomaly} what="the anomaly">
        {(found) => <Body anomaly={found} reload={anomaly.reload} />}
      </Shown>
    </div>
  )
}

function Body({ anomaly, reload }: { anomaly: AnomalyDetail; reload: () => void }) {
  const given = anomaly.verdicts[0]
  const mistake = anomaly.counterfactual?.mistake
  // Another user may have given it since the list was read.
  useEffect(() => {
    if (given !== undefined) latestList()?.applyVerdict(anomaly.id, given.verdict)
  }, [given])
  return (
    <>
      <header class="anomaly-head">
        <h1>
          <span class="unseen">Anomaly of </span>
          <bdi>{anomaly.key ?? 'no key'}</bdi> {given !== undefined && <Badge name={given.verdict} />}
        </h1>
        <p class="lead">
          <bdi>{anomaly.reasons[0]?.text ?? 'Its reasons cannot be computed.'}</bdi>
          {mistake !== undefined && <span>: {formatMistake(mistake)}</span>}
        </p>
        <dl class="facts">
          <Fact name="severity">
            <SeverityBadge severity={anomaly.severity} />
          </Fact>
          <Fact name="how rare">{formatRarity(anomaly.pValue)}</Fact>
          <Fact name="record time">
            <Time at={anomaly.recordTime} hasZone />
          </Fact>
          <Fact name="event time">
            <Time at={anomaly.eventTime} hasZone />
          </Fact>
          {anomaly.rescored && <Fact name="found by">a rescore of past records</Fact>}
          <Fact name="scored by">
            {anomaly.provisional && <Badge name="provisional" />}{' '}
            {anomaly.model === null ? (
              <>
                <code>{shortId(anomaly.modelId)}</code> <small>gone since</small>
              </>
            ) : (
              <>
                <ModelLink id={anomaly.modelId} /> <Badge name={anomaly.model.state} />{' '}
                <small>
                  trained <Time at={anomaly.model.trainedAt} ago />
                </small>
              </>
            )}
          </Fact>
        </dl>
      </header>
      <div class="columns">
        <div>
          <Reasons anomaly={anomaly} />
          <ValuesAround key={anomaly.id} anomaly={anomaly} />
          <RecordTable anomaly={anomaly} />
          <ScoreDetails anomaly={anomaly} />
        </div>
        <div>
          <VerdictPanel anomaly={anomaly} onGiven={reload} />
          <AlertPanel anomaly={anomaly} />
          <SimilarAnomalies anomaly={anomaly} />
          {anomaly.key !== null && (
            <EntityHistory entity={anomaly.key} except={anomaly.id} verdicts={anomaly.verdicts.length} />
          )}
        </div>
      </div>
    </>
  )
}

/** The next page of the list is read when so few anomalies are left. */
const READ_AHEAD = 10

/** The previous and next anomaly of the list that was shown last, and whether it is at the end of what has been read. */
function neighbours(id: string) {
  const items = latestList()?.items.value ?? []
  const index = items.findIndex((item) => item.id === id)
  if (index < 0) return { previous: null, next: null, isAtEnd: false }
  return {
    previous: items[index - 1]?.id ?? null,
    next: items[index + 1]?.id ?? null,
    isAtEnd: index >= items.length - READ_AHEAD,
  }
}

function step(id: string | null): void {
  if (id === null) return
  const list = latestList()
  if (list !== null) list.selected.value = id
  navigate(hrefOf(id))
}

/** The list with its earlier filters; without one of the pipeline, all its anomalies. */
function backToList(id: string): string {
  const [pipeline] = id.split('/')
  const filters = latestList()?.filters
  return `/${filters?.pipeline === pipeline ? formatFilters(filters) : queryString({ pipeline })}`
}
