import { type KafkaConnection, makeKafka, makeProducer, type OutgoingMessage } from '@outflow/streams'

/** Sends messages, and returns when the broker has them. @param to  brokers, or a connection to them */
export async function sendMessages(
  to: readonly string[] | KafkaConnection,
  messages: readonly OutgoingMessage[],
): Promise<void> {
  const producer = await makeProducer('kafkajs' in to ? to : makeKafka({ brokers: to, clientId: 'test' }))
  await producer.send(messages)
  await producer.close()
}
