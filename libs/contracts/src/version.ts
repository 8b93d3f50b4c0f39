import { createRequire } from 'node:module'

/** The version of this outflow, the same in the package.json of every package. */
export function outflowVersion(): string {
  const { version }: { version: string } = createRequire(import.meta.url)('../package.json')
  return version
}
