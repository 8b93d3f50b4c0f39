/** What `outflow run` takes. */
export const SERVICE_NAMES = ['ingest', 'trainer', 'alerts', 'console', 'all'] as const
export type ServiceName = (typeof SERVICE_NAMES)[number]
