import { queryString } from '../api/client.js'
import { shortId } from '../words/format.js'

/** Path of an anomaly's page. */
export const hrefOf = (id: string): string => `/anomalies/${encodeURIComponent(id)}`

/** A link to a model's page. */
export function ModelLink({ id, pipeline }: { id: string; pipeline: string }) {
  return (
    <a href={`/models/${encodeURIComponent(id)}${queryString({ pipeline })}`}>
      <code>{shortId(id)}</code>
    </a>
  )
}
