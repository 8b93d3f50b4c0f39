import { createRequire } from 'node:module'

/** The version of outflow that this is: that of every package's manifest. */
export function outflowVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('../package.json')
  return version
}
