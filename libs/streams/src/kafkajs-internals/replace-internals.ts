import { createRequire } from 'node:module'
import type { StreamLog } from '../stream-log.js'
import { replaceBatchDecoder } from './batch-decoder.js'
import { keepCoordinators } from './coordinators.js'
import { sendNullHeaders } from './null-header.js'

/** The version that the replacements in this folder were written for; package.json pins it. */
const TESTED_VERSION = '2.2.4'

/**
 * Replaces three internal functions of kafkajs, for the whole process: the decoder of fetched batches, the encoder of null headers, and
 * the look-up of coordinators.
 *
 * Nothing is replaced in a kafkajs of another version. Then reading takes about three times the CPU, a batch that expands too far ends
 * the fetch with an error, a null header is sent as an empty one, and a transaction takes more requests.
 */
export function replaceInternals(log: StreamLog, version = installedVersion()): void {
  if (version !== TESTED_VERSION) {
    log.warn({ version, testedVersion: TESTED_VERSION }, 'kafkajs is used without faster parts')
    return
  }
  replaceBatchDecoder()
  sendNullHeaders()
  keepCoordinators()
}

function installedVersion(): string {
  return createRequire(import.meta.url)('kafkajs/package.json').version
}
