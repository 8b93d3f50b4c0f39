export const FORMATS = ['csv', 'ndjson'] as const
export type Format = (typeof FORMATS)[number]

const BY_EXTENSION: Readonly<Record<string, Format>> = { csv: 'csv', ndjson: 'ndjson', jsonl: 'ndjson', json: 'ndjson' }

/** Format by a file's name, without a final `.gz`; null for `-` and unknown extensions. */
export function formatOfName(path: string): Format | null {
  const extension = /\.([^./\\]+)$/.exec(path.replace(/\.gz$/i, ''))?.[1]
  return BY_EXTENSION[extension?.toLowerCase() ?? ''] ?? null
}

/** Format by a file's first byte: JSON opens with a brace or a bracket, and no CSV header that is worth reading does. */
export function sniffFormat(head: Buffer): Format {
  return /^\uFEFF?\s*[[{]/.test(head.toString('utf8')) ? 'ndjson' : 'csv'
}
