import { type Config, formatPosition, type Position } from '@outflow/contracts'
import type { Pool } from '@outflow/store'
import { type DeadLetterResend, queueResends, type StoredDeadLetter } from '@outflow/store/dead-letters'
import { describeTopics, makeKafka, requireTopicRights, TopicUnknown } from '@outflow/streams'
import type { ResendReport } from '../api/index.js'
import { findOriginals, type Original, type Originals, recordChecker } from './originals.js'

interface ResendOptions {
  /** The value to send instead of that of the one letter; null: each is sent as it was. */
  readonly corrected: Buffer | null
  /** Nothing is sent. */
  readonly isDryRun: boolean
  readonly signal: AbortSignal
}

/**
 * Sends dead letters that are valid now, or whose value was corrected, to their source partition again, unless the configuration no
 * longer has their topic: nobody would read them. The statement that writes one to the outbox marks it as sent, so that each is sent
 * once.
 *
 * @throws {TopicUnknown} if one of their topics does not exist: the relay would skip its records, which are resent once
 * @throws {BrokerRefused} if the user may not write to their topics, which would delay all messages of the outbox
 */
export async function resendDeadLetters(
  pool: Pool,
  config: Config,
  named: readonly StoredDeadLetter[],
  { corrected, isDryRun, signal }: ResendOptions,
): Promise<ResendReport> {
  // A user may name a position twice.
  const letters = [...new Map(named.map((letter) => [formatPosition(letter), letter])).values()]
  const open = letters.filter(({ resentAt }) => resentAt === null)
  const originals = await findOriginals(pool, config, open, signal)
  const check = await recordChecker(pool, config)
  const resends: DeadLetterResend[] = []
  const stillInvalid: ResendReport['stillInvalid'] = []
  const missing = { cut: [] as string[], unsent: [] as string[], gone: [] as string[] }
  for (const letter of open) {
    const position = formatPosition(letter)
    const original = originals.whole.get(position)
    if (original === undefined) {
      missing[whyMissing(originals, position)].push(position)
      continue
    }
    const record = corrected === null ? original : { ...original, value: corrected }
    const rejection = config.source.topics.includes(letter.topic)
      ? await check(record)
      : { reason: 'not_read', detail: `source.topics no longer has ${letter.topic}` }
    if (rejection === null) resends.push(resendOf(letter, record, corrected !== null))
    else stillInvalid.push({ position, ...rejection })
  }
  if (resends.length > 0) await requireTopics(config, new Set(resends.map(({ topic }) => topic)))
  const sent = new Set<string>()
  for (let from = 0; from < resends.length; from += RESENDS_PER_STATEMENT) {
    const some = resends.slice(from, from + RESENDS_PER_STATEMENT)
    const queued = isDryRun ? some : await queueResends(pool, config.pipeline, some)
    for (const position of queued) sent.add(formatPosition(position))
  }
  // Another request may have resent some of `resends` meanwhile.
  const resentEver = [...letters.filter(({ resentAt }) => resentAt !== null), ...resends].map(formatPosition)
  return { queued: [...sent], before: resentEver.filter((position) => !sent.has(position)), stillInvalid, ...missing }
}

/** A message has up to a megabyte; a statement's payloads are sent as one hexadecimal text, of at most half a gigabyte. */
const RESENDS_PER_STATEMENT = 100

async function requireTopics({ kafka: options }: Config, topics: ReadonlySet<string>): Promise<void> {
  const kafka = makeKafka(options)
  const counts = await describeTopics(kafka, [...topics])
  const absent = [...topics].filter((topic) => counts.get(topic) === null)
  if (absent.length > 0) throw new TopicUnknown(absent)
  await requireTopicRights(kafka, new Map(Array.from(topics, (topic) => [topic, ['WRITE']])))
}

function whyMissing({ cut, unsent }: Originals, position: string): 'cut' | 'unsent' | 'gone' {
  if (cut.has(position)) return 'cut'
  return unsent.has(position) ? 'unsent' : 'gone'
}

/** The original key and headers, and a header with the original position. */
function resendOf(at: Position, { key, value, headers }: Original, corrected: boolean): DeadLetterResend {
  const { topic, partition, offset } = at
  return {
    topic,
    partition,
    offset,
    corrected,
    message: {
      kind: 'resent',
      topic,
      key,
      payload: value,
      headers: [...headers, ['outflow.resent', formatPosition(at)]],
    },
  }
}
