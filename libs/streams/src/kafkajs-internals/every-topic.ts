import { createRequire } from 'node:module'
import { replaceMethod } from './replace-method.js'

interface Metadata {
  protocol(options: { readonly version: number }): (request: { readonly topics: readonly string[] }) => {
    readonly response: { parse(metadata: object): Promise<object> }
  }
}

/**
 * Makes kafkajs accept an answer about all topics of the brokers, with which it lists topics and counts brokers, although a partition has
 * no leader. kafkajs rejects it, so that the topic of another application would keep the relay from starting.
 */
export function tolerateOtherTopics(): void {
  const metadata: Metadata = createRequire(import.meta.url)('kafkajs/src/protocol/requests/metadata')
  replaceMethod(metadata, 'protocol', (_, protocol, options) => {
    const make = protocol(options)
    return (request) => {
      const exchange = make(request)
      if (request.topics.length > 0) return exchange
      return { ...exchange, response: { ...exchange.response, parse: async (answer) => answer } }
    }
  })
}
