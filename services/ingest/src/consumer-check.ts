import type { CheckResult } from '@outflow/runtime'
import type { DeliveryHooks } from '@outflow/streams'
import type { IngestTelemetry } from './telemetry.js'

type ConsumerTelemetry = Pick<
  IngestTelemetry,
  'partitionsAssigned' | 'partitionsSought' | 'recordsMissed' | 'consumerRestarted'
>

/**
 * Ready while this member has assigned partitions and a broker answers; a restarting consumer has none, and a consumer takes minutes to
 * notice that no broker answers.
 *
 * @param askKafka  throws if no broker answers
 */
export function makeConsumerCheck(
  telemetry: ConsumerTelemetry,
  askKafka: () => Promise<unknown>,
): { readonly check: () => Promise<CheckResult>; readonly hooks: DeliveryHooks } {
  let result: CheckResult = { ok: false, detail: 'the consumer group has not been joined yet' }
  return {
    check: async () => {
      if (result.ok) await askKafka()
      return result
    },
    hooks: {
      assigned: (partitions) => {
        const { length } = partitions
        result = { ok: true, detail: `reads ${length === 1 ? '1 partition' : `${length} partitions`}` }
        telemetry.partitionsAssigned(partitions)
      },
      sought: telemetry.partitionsSought,
      missed: telemetry.recordsMissed,
      restarting: (error) => {
        result = { ok: false, detail: `the consumer restarts: ${error.message}` }
        telemetry.consumerRestarted(error)
      },
    },
  }
}
