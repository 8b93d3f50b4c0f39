import type { OpenSpan, Tracing } from '@outflow/runtime'
import { traceparents } from '@outflow/streams'
import type { ComparedBatch } from './batch.js'

/**
 * Starts the span of a batch at its fetch. It links to the traces of its records' producers, those of anomalies first.
 *
 * @see OpenTelemetry, Semantic conventions for Kafka: `process` of a batch
 */
export function traceBatch(tracing: Tracing, pipeline: string, batch: ComparedBatch): OpenSpan {
  const { delivery, records, rejected, decisions, model, startedAtMs } = batch
  return tracing.begin(`process ${delivery.topic}`, {
    kind: 'CONSUMER',
    startedAtMs,
    attributes: {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': delivery.topic,
      'messaging.destination.partition.id': String(delivery.partition),
      'messaging.consumer.group.name': `outflow-${pipeline}`,
      'messaging.batch.message_count': delivery.records.length,
      'messaging.kafka.offset': Number(delivery.expectedOffset),
      'outflow.pipeline': pipeline,
      'outflow.model_id': model.modelId,
      'outflow.scored': records.length,
      'outflow.rejected': rejected.length,
      'outflow.anomalies': decisions.anomalies.length,
    },
    causes: traceparents([...decisions.anomalies.map(({ index }) => records.at(index)!.source), ...delivery.records]),
  })
}
