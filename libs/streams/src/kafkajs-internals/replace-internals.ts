import type { StreamLog } from '../connection/stream-log.js'
import { reportAttemptedFirst } from './attempted-first.js'
import { replaceBatchDecoder } from './batch-decoder.js'
import { tolerateClockSteps } from './clock-steps.js'
import { replaceCoordinatorLookup } from './coordinators.js'
import { tolerateOtherTopics } from './every-topic.js'
import { sendNullHeaders } from './null-header.js'
import { checkOnlyPendingRequests } from './pending-requests.js'
import { receiveInOneBuffer } from './response-bytes.js'
import { installedVersion, TESTED_VERSION } from './tested-version.js'

/**
 * Replaces nine internal functions of kafkajs, for the whole process: the decoder of fetched batches, the encoder of null headers, the
 * look-up of coordinators, the check of pending requests, the reading of responses, when heartbeats are sent and metadata is read, the
 * check of an answer about all topics, and that of an answer about the partitions of a transaction.
 *
 * Nothing is replaced in another version of kafkajs. Then reading takes about three times the CPU, a batch that expands too far fails
 * the fetch, a null header is sent as an empty one, a transaction takes more requests, idle connections use CPU, a member whose clock is
 * set back by an hour sends no heartbeat and reads no metadata for an hour, the relay does not start while a partition of any topic has no
 * leader and ends if an output topic was created again with fewer partitions, and a topic that was deleted and recreated is not recognised
 * by its id (`topic-ids.ts`).
 */
export function replaceInternals(log: StreamLog, version = installedVersion()): void {
  if (version !== TESTED_VERSION) {
    log.warn({ version, testedVersion: TESTED_VERSION }, 'kafkajs is used without faster parts')
    return
  }
  replaceBatchDecoder()
  sendNullHeaders()
  replaceCoordinatorLookup()
  checkOnlyPendingRequests()
  receiveInOneBuffer()
  tolerateClockSteps()
  tolerateOtherTopics()
  reportAttemptedFirst()
}
