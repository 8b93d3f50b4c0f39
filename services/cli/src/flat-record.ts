/** A record's values under the names that CSV columns have: `{ route: { origin: 'LAX' } }` is `route.origin`. */
export function flatRecord(record: Readonly<Record<string, unknown>>, prefix = ''): Record<string, unknown> {
  const flat: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(record)) {
    const name = `${prefix}${key}`
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
      Object.assign(flat, flatRecord(value as Record<string, unknown>, `${name}.`))
    } else flat[name] = value
  }
  return flat
}

/** The column of a feature's path: `$.route.origin` is `route.origin`. */
export const columnOfPath = (path: string): string => path.replace(/^\$\./, '')
