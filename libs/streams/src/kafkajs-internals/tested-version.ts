import { createRequire } from 'node:module'

/** The version of kafkajs that this folder was written for; package.json pins it. */
export const TESTED_VERSION = '2.2.4'

export function installedVersion(): string {
  return createRequire(import.meta.url)('kafkajs/package.json').version
}
