/**
 * The fields of a record that can be columns, nested ones with a dot: `delay`, `route.origin`. Lists, and keys that contain a dot or
 * a bracket, are left out.
 */
export function fieldsOf(record: unknown): readonly string[] {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return []
  return Object.entries(record).flatMap(([key, value]) => {
    if (/[.[\]]/.test(key) || Array.isArray(value)) return []
    if (typeof value !== 'object' || value === null) return [key]
    return fieldsOf(value).map((field) => `${key}.${field}`)
  })
}
