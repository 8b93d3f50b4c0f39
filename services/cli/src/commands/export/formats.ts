export const EXPORT_FORMATS = ['parquet', 'csv'] as const

export type ExportFormat = (typeof EXPORT_FORMATS)[number]
