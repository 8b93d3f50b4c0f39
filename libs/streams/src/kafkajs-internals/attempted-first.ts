import { createRequire } from 'node:module'

interface Answer {
  readonly errors: readonly {
    readonly topic: string
    readonly partitionErrors: readonly { readonly partition: number; readonly errorCode: number }[]
  }[]
}

type Parse = (answer: Answer) => Promise<Answer>

/**
 * Makes kafkajs report why a transaction cannot write to a partition. The broker then refuses the transaction's other partitions with
 * "operation not attempted", and kafkajs reports the first answer: it would not read the partitions of a topic again that was created
 * again with fewer.
 */
export function reportAttemptedFirst(): void {
  const response: { parse: Parse } = createRequire(import.meta.url)(
    'kafkajs/src/protocol/requests/addPartitionsToTxn/v0/response',
  )
  if (response.parse === parseAttemptedFirst) return
  parse = response.parse
  response.parse = parseAttemptedFirst
}

let parse: Parse

async function parseAttemptedFirst(answer: Answer): Promise<Answer> {
  const errors = answer.errors.flatMap(({ topic, partitionErrors }) =>
    partitionErrors.map((error) => ({ topic, partitionErrors: [error] })),
  )
  const isAttempted = ({ partitionErrors }: Answer['errors'][number]) =>
    partitionErrors[0]!.errorCode !== OPERATION_NOT_ATTEMPTED
  await parse({ ...answer, errors: [...errors.filter(isAttempted), ...errors.filter((error) => !isAttempted(error))] })
  return answer
}

/** The broker's code for a partition that it accepted, or would have, in a request that has a refused one. */
const OPERATION_NOT_ATTEMPTED = 55
