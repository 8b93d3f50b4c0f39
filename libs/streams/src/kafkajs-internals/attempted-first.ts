import { createRequire } from 'node:module'
import { replaceMethod } from './replace-method.js'

interface Answer {
  readonly errors: readonly {
    readonly topic: string
    readonly partitionErrors: readonly { readonly partition: number; readonly errorCode: number }[]
  }[]
}

/**
 * Makes kafkajs report why a transaction cannot write to a partition. The broker then refuses the transaction's other partitions with
 * "operation not attempted", and kafkajs reports the first answer: it would not read the partitions of a topic again that was created
 * again with fewer.
 */
export function reportAttemptedFirst(): void {
  const response: { parse(answer: Answer): Promise<Answer> } = createRequire(import.meta.url)(
    'kafkajs/src/protocol/requests/addPartitionsToTxn/v0/response',
  )
  replaceMethod(response, 'parse', async (_, parse, answer) => {
    const errors = answer.errors.flatMap(({ topic, partitionErrors }) =>
      partitionErrors.map((error) => ({ topic, partitionErrors: [error] })),
    )
    const isAttempted = ({ partitionErrors }: Answer['errors'][number]) =>
      partitionErrors[0]!.errorCode !== OPERATION_NOT_ATTEMPTED
    const [notAttempted, attempted] = [errors.filter((error) => !isAttempted(error)), errors.filter(isAttempted)]
    await parse({ ...answer, errors: [...attempted, ...notAttempted] })
    return answer
  })
}

/** The broker's code for a partition that it accepted, or would have, in a request that has a refused one. */
const OPERATION_NOT_ATTEMPTED = 55
