import { keep, kept } from './storage.js'

const KEPT_AS = 'outflow.note.'

/** Returns the note that was typed in this tab and not stored yet; '' if there is none. @param about  the anomaly, or the filters of several */
export const noteDraft = (about: string): string => kept('sessionStorage', KEPT_AS + about) ?? ''

/** Keeps a note until it is stored: a login that ends meanwhile replaces the page. '' removes it. */
export const keepNoteDraft = (about: string, note: string): void => keep('sessionStorage', KEPT_AS + about, note)
