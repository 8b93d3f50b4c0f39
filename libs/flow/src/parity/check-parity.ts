// `npm run check:parity -- FILE`: compares every engine with the numbers of an independent implementation.
// Exit codes: 0 all within the limit, 1 some are not, 2 no such file or not a parity file.
import { readFileSync } from 'node:fs'
import { toOutflowError } from '@outflow/errors'
import { openBackend } from '../tensor/backend.js'
import { compareBackend, compareScorer, PARITY_LIMIT, type ParityError } from './parity.js'
import { readParityFile } from './parity-file.js'

const path = process.argv[2]

try {
  if (path === undefined || process.argv.length > 3) throw new Error('usage: npm run check:parity -- FILE')
  const { file, flow } = readParityFile(readFileSync(path, 'utf8'))
  console.log(
    `D ${file.D}, K ${file.K}, hidden ${file.hidden.join(' × ')}, cap ${file.cap}, ${file.cases.length} cases`,
  )
  const native = await openBackend('tfjs-node').catch((error: unknown) => toOutflowError(error))
  const errors = [...(await compareScorer(file, flow)), ...(await compareBackend(file, flow, 'wasm'))]
  if (native instanceof Error) console.log(`skipped: tfjs-node, because ${native.message}`)
  else errors.push(...(await compareBackend(file, flow, 'tfjs-node')))
  process.exitCode = report(errors)
} catch (error: unknown) {
  console.error(`check:parity: ${toOutflowError(error).message.replaceAll('\n', ' ')}`)
  process.exitCode = 2
}

/** Prints the largest error of each quantity and engine, |ours − theirs| / max(1, |theirs|). */
function report(errors: readonly ParityError[]): number {
  for (const { engine, quantity, largest, count } of errors) {
    const verdict = largest <= PARITY_LIMIT ? 'ok' : 'TOO LARGE'
    console.log(
      `${engine.padEnd(24)} ${quantity.padEnd(20)} ${largest.toExponential(2)} of ${count} numbers  ${verdict}`,
    )
  }
  const failed = errors.filter(({ largest }) => !(largest <= PARITY_LIMIT)).length
  const limit = `|ours − theirs| / max(1, |theirs|) ≤ ${PARITY_LIMIT}`
  console.log(failed === 0 ? `all within ${limit}` : `${failed} of ${errors.length} beyond ${limit}`)
  return failed === 0 ? 0 : 1
}
