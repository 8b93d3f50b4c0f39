/** The address of an anomaly's page in the console. */
export const anomalyUrl = (consoleUrl: string, id: string): string =>
  new URL(`/anomalies/${encodeURIComponent(id)}`, consoleUrl).href

/** The address of the form for a verdict on the anomaly of a page, as `anomalyUrl` returns it; opening it stores nothing. */
export const verdictUrl = (page: string, verdict: 'confirmed' | 'false_alarm'): string => `${page}?verdict=${verdict}`

interface ListFilters {
  readonly pipeline: string
  readonly key?: string | null
  /** Field of the main reason. */
  readonly field?: string | undefined
}

/** The address of the list of anomalies in the console, filtered. */
export const listUrl = (consoleUrl: string, { pipeline, key, field }: ListFilters): string =>
  pageUrl(consoleUrl, '/anomalies', { pipeline, ...(key && { key }), ...(field && { field }) })

export const healthUrl = (consoleUrl: string, pipeline: string): string => pageUrl(consoleUrl, '/health', { pipeline })

function pageUrl(consoleUrl: string, path: string, search: Readonly<Record<string, string>>): string {
  const url = new URL(path, consoleUrl)
  url.search = new URLSearchParams(search).toString()
  return url.href
}
