import { makeKafka, makeProducer, type OutgoingMessage } from '@outflow/streams'

export type MessageToSend = Omit<OutgoingMessage, 'topic'>

/** Sends messages, and returns when the broker has them. */
export async function sendMessages(
  brokers: readonly string[],
  topic: string,
  messages: readonly MessageToSend[],
): Promise<void> {
  const producer = await makeProducer(makeKafka({ brokers, clientId: 'test' }))
  await producer.send(messages.map((message) => ({ topic, ...message })))
  await producer.close()
}
