type Storage = 'localStorage' | 'sessionStorage'

/** Returns a value that `keep` stored in the browser; null: there is none, or storage is not allowed. */
export function kept(storage: Storage, key: string): string | null {
  try {
    return window[storage].getItem(key)
  } catch {
    return null
  }
}

/** Stores a value in the browser. If storage is not allowed, the value is lost with the page. */
export function keep(storage: Storage, key: string, value: string): void {
  try {
    window[storage].setItem(key, value)
  } catch {}
}
