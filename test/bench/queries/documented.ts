import { readFileSync } from 'node:fs'

/** Reads the queries of libs/store/QUERIES.md, so that the documented ones are measured. */
export function documentedQueries() {
  const page = readFileSync(new URL('../../../libs/store/QUERIES.md', import.meta.url), 'utf8')
  return [...page.matchAll(/^## (\d+\. .+)$[\s\S]*?^```sql\n([\s\S]*?)^```/gm)].map((match) => ({
    /** Its heading, such as `1. What were the least likely records of the last day, and why?`. */
    title: match[1]!,
    sql: match[2]!.trim().replace(/;$/, ''),
  }))
}
