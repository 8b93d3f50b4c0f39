/** Where an anomaly's own page is. */
export const hrefOf = (id: string): string => `/anomalies/${encodeURIComponent(id)}`
