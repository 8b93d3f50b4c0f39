import { formatResend } from '@outflow/contracts/wording'
import { useEffect, useState } from 'preact/hooks'
import { MAX_RESENDS } from '../../../../src/api/limits.js'
import { type ApiError, read, write } from '../../api/client.js'
import type { DeadLetter, DeadLetterPage, ResendReport } from '../../api/types.js'
import { type Column, Dialog, Empty, Failure, Loading, Table, Time } from '../../parts/index.js'
import { notify } from '../../state/notices.js'
import { asApiError, useRetry } from '../../state/resource.js'
import { currentPipeline, isOwnPipeline, may } from '../../state/session.js'
import { formatBytes, formatCount } from '../../words/format.js'

const AT_A_TIME = 50

/**
 * Dead letters page by page, newest first; an operator selects some and resends them.
 *
 * @param newestAt  time of the newest one; null: unknown, or none in the last day
 */
export function DeadLetters({ newestAt }: { newestAt: string | null }) {
  const pipeline = currentPipeline.value
  const [items, setItems] = useState<readonly DeadLetter[]>([])
  /** Cursor of the page to read next; null: the first, or there is none. */
  const [next, setNext] = useState<string | null>(null)
  const [error, setError] = useState<ApiError | null>(null)
  const [isLoading, setLoading] = useState(true)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const [isAsking, setAsking] = useState(false)
  const readPage = async (cursor: string | null) => {
    setLoading(true)
    setError(null)
    setNext(cursor)
    try {
      const page = await read<DeadLetterPage>('/dead-letters', { pipeline, limit: AT_A_TIME, cursor })
      setItems((before) => (cursor === null ? page.items : [...before, ...page.items]))
      setNext(page.next)
      if (cursor === null) setSelected((before) => new Set(page.items.map(positionOf).filter((at) => before.has(at))))
    } catch (failed: unknown) {
      setError(asApiError(failed))
    } finally {
      setLoading(false)
    }
  }
  useEffect(() => void readPage(null), [])
  useRetry(error, () => readPage(next))
  const select = (letter: DeadLetter, isSelected: boolean) => {
    const others = [...selected].filter((position) => position !== positionOf(letter))
    setSelected(new Set(isSelected ? [...others, positionOf(letter)] : others))
  }
  const resend = async () => {
    const positions = items
      .filter((letter) => selected.has(positionOf(letter)))
      .map(({ topic, partition, offset }) => ({ topic, partition, offset }))
    report(await write<ResendReport>('POST', '/dead-letters/resend', { positions }))
    setSelected(new Set())
    await readPage(null)
  }
  const hasNewer = newestAt !== null && newestAt > (items[0]?.rejectedAt ?? '')
  const isFull = selected.size >= MAX_RESENDS
  const choice: Column<DeadLetter> = {
    name: 'resend',
    of: (letter) =>
      letter.resentAt === null ? (
        <input
          type="checkbox"
          aria-label={`Select ${positionOf(letter)}`}
          checked={selected.has(positionOf(letter))}
          disabled={isFull && !selected.has(positionOf(letter))}
          onChange={(event) => select(letter, event.currentTarget.checked)}
        />
      ) : (
        <small>
          <Time at={letter.resentAt} />
        </small>
      ),
  }
  return (
    <section aria-labelledby="dead-letters">
      <div class="row spread head">
        <h2 id="dead-letters">Dead letters</h2>
        {selected.size > 0 && (
          <button type="button" class="primary" disabled={isLoading} onClick={() => setAsking(true)}>
            Resend {formatCount(selected.size)}
            {isFull && ' (the most at once)'}
          </button>
        )}
      </div>
      {!isLoading && error === null && hasNewer && (
        <button type="button" onClick={() => readPage(null)}>
          Newer ones
        </button>
      )}
      {items.length > 0 && (
        <Table
          columns={[
            { name: 'when', of: ({ rejectedAt }) => <Time at={rejectedAt} /> },
            { name: 'where', kind: 'detail', of: positionOf },
            { name: 'reason', of: ({ reason }) => reason },
            { name: 'detail', kind: 'detail', of: ({ detail }) => detail },
            { name: 'bytes', kind: 'detail', of: (letter) => <Bytes letter={letter} /> },
            ...(may('operator') && isOwnPipeline.value ? [choice] : []),
          ]}
          rows={items}
          keyOf={positionOf}
        />
      )}
      {error !== null && <Failure error={error} onRetry={() => readPage(next)} />}
      {isLoading && <Loading what="dead letters" />}
      {!isLoading && error === null && items.length === 0 && !hasNewer && <Empty title="No record was rejected" />}
      {!isLoading && next !== null && (
        <button type="button" onClick={() => readPage(next)}>
          Older ones
        </button>
      )}
      {isAsking && (
        <Dialog
          title={`Resend ${formatCount(selected.size)} dead ${selected.size === 1 ? 'letter' : 'letters'}?`}
          action="Resend"
          act={resend}
          onClose={() => setAsking(false)}
        >
          <p>Those that would be accepted now are sent to their source topic again, each at most once.</p>
        </Dialog>
      )}
    </section>
  )
}

function report({ queued, ...others }: ResendReport): void {
  const [rejected] = others.stillInvalid
  const why = rejected === undefined ? '' : `. ${rejected.position}: ${rejected.detail}`
  const isWhole = Object.values(others).every((positions) => positions.length === 0)
  notify(isWhole ? 'done' : 'failed', `${formatResend({ queued, ...others })}${why}`)
}

/** The stored part of the record. */
function Bytes({ letter: { key, valueStart, valueIsCut, valueBytes } }: { letter: DeadLetter }) {
  if (key === null && valueBytes === null) return <>no value</>
  return (
    <details>
      <summary>{valueBytes === null ? 'no value' : formatBytes(valueBytes)}</summary>
      {key !== null && <p class="quiet small">key {key}</p>}
      {valueStart !== null && <pre class="record">{valueStart}</pre>}
      {valueIsCut && (
        <p class="quiet small">The rest is on the dead-letter topic, or at its position in the source topic.</p>
      )}
    </details>
  )
}

const positionOf = ({ topic, partition, offset }: DeadLetter): string => `${topic}/${partition}/${offset}`
