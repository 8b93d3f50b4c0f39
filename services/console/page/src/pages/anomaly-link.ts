/** Path of an anomaly's page. */
export const hrefOf = (id: string): string => `/anomalies/${encodeURIComponent(id)}`
