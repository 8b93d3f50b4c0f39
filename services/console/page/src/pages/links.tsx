import { withPipeline } from '../state/session.js'
import { shortId } from '../words/format.js'

/** Path of an anomaly's page. */
export const hrefOf = (id: string): string => `/anomalies/${encodeURIComponent(id)}`

/** A link to a model's page. */
export function ModelLink({ id }: { id: string }) {
  return (
    <a href={withPipeline(`/models/${encodeURIComponent(id)}`)}>
      <code>{shortId(id)}</code>
    </a>
  )
}
