import { createRequire } from 'node:module'

/** The version of outflow that this is. */
export function outflowVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('../package.json')
  return version
}
