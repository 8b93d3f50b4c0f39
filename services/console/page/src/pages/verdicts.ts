import { VERDICTS, type Verdict } from '@outflow/contracts/verdict'
import { write } from '../api/client.js'
import type { Anomaly, StoredVerdict } from '../api/types.js'
import { latestList } from '../state/anomaly-list.js'
import { notify } from '../state/notices.js'
import { asApiError } from '../state/resource.js'
import { may } from '../state/session.js'
import { formatName } from '../words/format.js'

type AnomalyRef = Pick<Anomaly, 'id' | 'key'>

/**
 * Stores a verdict, updates the list and shows a notice, which names the verdict that this one replaces: another user or tab may have given it.
 *
 * @throws {ApiError} when it was not stored
 */
export async function storeVerdict({ id, key }: AnomalyRef, verdict: Verdict, note: string): Promise<void> {
  const body = note.trim() === '' ? { verdict } : { verdict, note: note.trim() }
  const { replaced } = await write<StoredVerdict>('POST', `/anomalies/${encodeURIComponent(id)}/verdicts`, body)
  latestList()?.applyVerdict(id, verdict)
  const before = replaced === null ? '' : ` (before: ${formatName(replaced.verdict)} by ${replaced.by})`
  notify('done', `${key ?? id}: ${formatName(verdict)}${before}`)
}

/** The latest verdict while it is being stored, and for this time after that: the same one again is a key that was pressed twice. */
let latest: { readonly id: string; readonly verdict: Verdict } | null = null
const TWICE_MS = 1_000

/** Ends when the verdicts before are stored: the latest one counts, so that requests must not overtake each other. */
let stored: Promise<unknown> = Promise.resolve()

/** `storeVerdict` with a notice if it fails; after the verdicts before. @returns whether the verdict was stored */
export async function giveVerdict(anomaly: AnomalyRef, verdict: Verdict, note = ''): Promise<boolean> {
  if (!may('analyst')) {
    notify('failed', 'A verdict requires the role analyst; you are logged in as reader.')
    return false
  }
  if (latest?.id === anomaly.id && latest.verdict === verdict && note.trim() === '') return false
  const given = { id: anomaly.id, verdict }
  latest = given
  const forget = () => {
    if (latest === given) latest = null
  }
  const storing = stored.then(() => storeVerdict(anomaly, verdict, note))
  stored = storing.catch(() => {})
  try {
    await storing
    setTimeout(forget, TWICE_MS)
    return true
  } catch (error: unknown) {
    forget()
    notify('failed', `${anomaly.key ?? anomaly.id}: the verdict was not stored. ${asApiError(error).message}`)
    return false
  }
}

/** The key that gives a verdict: c, f or e. */
export const keyOf = (verdict: Verdict): string => verdict[0]!

/** Shortcuts that give a verdict. */
export const verdictKeys = (give: (verdict: Verdict) => void) =>
  Object.fromEntries(VERDICTS.map((verdict) => [keyOf(verdict), () => give(verdict)]))
