import { csvDecoder } from '../../../libs/records/src/formats/csv.js'
import { mutate, type Random } from '../random.js'
import { expectSame } from '../same-value.js'
import { type FuzzTarget, WrongValue } from '../target.js'

interface Line {
  readonly bytes: Buffer
  readonly delimiter: string
}

const target: FuzzTarget<Line> = {
  rule: 'a line of CSV decodes to the values of a state machine of RFC 4180',
  generate: (random) => {
    const delimiter = random.pick([',', ';', '\t', '|', ' ', 'é'])
    const line = Buffer.from(random.list(5, () => aField(random, delimiter)).join(delimiter) + random.pick(ENDS))
    return { delimiter, bytes: random.oneIn(2) ? mutate(random, line, Buffer.from(`"\r\n${delimiter}\xff a`)) : line }
  },
  check: ({ bytes, delimiter }) => {
    const decoded = csvDecoder({ delimiter })(bytes)
    const values = readLine(bytes, delimiter)
    if (values !== null) expectSame(decoded, { record: { ...values } }, 'decode')
    else if ('record' in decoded)
      throw new WrongValue(`decoded bytes that are not a line of CSV: ${JSON.stringify(decoded)}`)
  },
}
export default target

const ENDS = ['', '', '\n', '\r\n', '\r', '\n\n']
const PIECES = ['a', '1.5', ' ', '', 'ü', '日', '\0', "'", '\\', '\ufeff']

function aField(random: Random, delimiter: string): string {
  const isQuoted = random.oneIn(2)
  const text = random
    .list(4, () => random.pick(isQuoted ? [...PIECES, delimiter, '"', '\n', '\r\n', '\r'] : PIECES))
    .join('')
  return isQuoted ? `"${text.replaceAll('"', '""')}"` : text
}

/**
 * The reference: the values of one line (RFC 4180, § 2), which may begin with a byte order mark and end with CR, LF or CRLF;
 * null for any other bytes, such as NUL. A line without characters has no values.
 */
function readLine(bytes: Buffer, delimiter: string): string[] | null {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
  if (text.includes('\0')) return null
  const values: string[] = []
  let value = ''
  let state: 'start' | 'plain' | 'quoted' | 'closed' | 'cr' | 'end' = 'start'
  for (const character of text) {
    if (state === 'end' || (state === 'cr' && character !== '\n')) return null
    if (state === 'cr') state = 'end'
    else if (state === 'quoted') {
      if (character === '"') state = 'closed'
      else value += character
    } else if (character === '"') {
      if (state === 'plain') return null
      if (state === 'closed') value += '"'
      state = 'quoted'
    } else if (character === delimiter) {
      values.push(value)
      value = ''
      state = 'start'
    } else if (character === '\n') state = 'end'
    else if (character === '\r') state = 'cr'
    else if (state === 'closed') return null
    else {
      value += character
      state = 'plain'
    }
  }
  if (state === 'quoted') return null
  values.push(value)
  const isBlank = values.length === 1 && value === '' && !text.includes('"')
  return isBlank ? null : values
}
