const KEPT_AS = 'outflow.note.'

/** Returns the note that was typed in this tab and not stored yet; '' if there is none. @param about  the anomaly, or the filters of several */
export function noteDraft(about: string): string {
  try {
    return window.sessionStorage.getItem(KEPT_AS + about) ?? ''
  } catch {
    return ''
  }
}

/** Keeps a note until it is stored: a login that ends meanwhile replaces the page. '' removes it. */
export function keepNoteDraft(about: string, note: string): void {
  try {
    if (note === '') window.sessionStorage.removeItem(KEPT_AS + about)
    else window.sessionStorage.setItem(KEPT_AS + about, note)
  } catch {
    // Storage is not allowed: the note is lost with the page.
  }
}
