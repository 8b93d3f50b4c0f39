import type { Mark } from '../api/types.js'
import { shortId } from './format.js'

/** An event in words, such as "model 1a2b3c4d promoted". */
export function markInWords({ kind, subject, detail }: Pick<Mark, 'kind' | 'subject' | 'detail'>): string {
  if (kind === 'model') return `model ${shortId(subject)} ${detail === 'rollback' ? 'active again' : 'promoted'}`
  if (kind === 'drift') return `drift: ${subject}`
  if (kind === 'health') return `${subject.replaceAll('_', ' ')}: ${detail ?? ''}`
  return `alerts hidden: ${detail ?? ''}`
}
