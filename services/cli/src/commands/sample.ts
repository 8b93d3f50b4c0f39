import { columnOfSteps, featurePath, parsePath } from '@outflow/contracts/feature'
import { compilePath, type Format } from '@outflow/records'
import { formatCounted, type Terminal } from '@outflow/terminal'
import type { CommandContext } from '../command-context.js'
import { withModelFile } from '../files/model-file.js'
import { formatOption, makeRowWriter, outputFormat, withOutput } from '../files/open-output.js'
import { interruptible } from '../interrupt.js'
import { seedOption, wholeNumber } from '../options.js'
import type { OutflowCommand } from '../outflow-command.js'

export function define(command: OutflowCommand, { terminal }: CommandContext): void {
  command
    .description("Draws synthetic normal records from a model, with the fields of the model's input.")
    .requiredOption('--model <file>', 'model file written by `outflow train`')
    .requiredOption('--rows <n>', 'number of records', wholeNumber(1))
    .requiredOption('-o, --output <file>', 'records as .csv or .ndjson, also .gz; - is stdout')
    .addOption(seedOption().default(1))
    .addOption(formatOption('csv'))
    .examples(
      'outflow sample --model flights.model --rows 1000 --seed 7 --output synthetic.csv',
      'outflow sample --model flights.model --rows 5 --format ndjson --output -',
    )
    .action((options: SampleOptions) => interruptible((signal) => sample(options, terminal, signal)))
}

interface SampleOptions {
  readonly model: string
  readonly rows: number
  readonly seed: number
  readonly output: string
  readonly format?: Format
}

/** Records that are drawn and written at a time: memory does not grow with the number of records. */
const CHUNK_ROWS = 10_000

async function sample(options: SampleOptions, terminal: Terminal, signal: AbortSignal): Promise<void> {
  const format = outputFormat(options.output, options.format, 'csv')
  await withModelFile(options.model, async (detector) => {
    const paths = [...new Set(detector.metadata.features.map(featurePath))]
    const columns = paths.map((path) => columnOfSteps(parsePath(path)))
    const getters = paths.map(compilePath)
    const toRow = (record: Readonly<Record<string, unknown>>) =>
      Object.fromEntries(columns.map((column, index) => [column, getters[index]!(record)]))
    await withOutput(options.output, async (output) => {
      const writeRows = makeRowWriter(output, format, columns)
      for (let done = 0, chunk = 0; done < options.rows; chunk += 1) {
        signal.throwIfAborted()
        const count = Math.min(CHUNK_ROWS, options.rows - done)
        const records = await detector.sample(count, seedOfChunk(options.seed, chunk))
        await writeRows(format === 'csv' ? records.map(toRow) : records)
        done += count
      }
    })
    if (options.output !== '-') terminal.say(`${formatCounted(options.rows, 'record')} drawn into ${options.output}`)
  })
}

/** Spreads the seeds of chunks, so that those of seed 1 are not those of seed 2. The constant is 2³² over the golden ratio. */
const seedOfChunk = (seed: number, chunk: number): number => (seed + Math.imul(chunk, 0x9e3779b1)) >>> 0
