import { readFileSync } from 'node:fs'

/** The version in this package's manifest, which lies beside both src and dist. */
export function outflowVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  return String((manifest as { version: unknown }).version)
}
