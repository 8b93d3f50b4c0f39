import { write } from '../api/client.js'
import type { Anomaly, GivenVerdict, Verdict } from '../api/types.js'
import { latestList } from '../state/anomaly-list.js'
import { notify } from '../state/notices.js'
import { asApiError } from '../state/resource.js'
import { may } from '../state/session.js'
import { useShortcuts } from '../state/shortcuts.js'
import { VERDICT_WORDS } from '../words/format.js'

/** Stores a verdict and updates the list; a notice reports the outcome. @returns whether it was stored */
export async function giveVerdict(anomaly: Pick<Anomaly, 'id' | 'key'>, verdict: Verdict, note = ''): Promise<boolean> {
  if (!may('analyst')) {
    notify('failed', 'A verdict requires the role analyst; you are logged in as reader.')
    return false
  }
  const body = note.trim() === '' ? { verdict } : { verdict, note: note.trim() }
  try {
    await write<GivenVerdict>('POST', `/anomalies/${encodeURIComponent(anomaly.id)}/verdicts`, body)
    latestList()?.applyVerdict(anomaly.id, verdict)
    notify('done', `${anomaly.key ?? anomaly.id}: ${VERDICT_WORDS[verdict]}`)
    return true
  } catch (error: unknown) {
    notify('failed', `The verdict was not stored. ${asApiError(error).message}`)
    return false
  }
}

/** Binds c, f and e to a verdict on the selected anomaly. */
export function useVerdictKeys(selected: () => Anomaly | null): void {
  const give = (verdict: Verdict) => () => {
    const anomaly = selected()
    if (anomaly !== null) void giveVerdict(anomaly, verdict)
  }
  useShortcuts({ c: give('confirmed'), f: give('false_alarm'), e: give('expected') })
}
