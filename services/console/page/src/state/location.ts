import { signal } from '@preact/signals'

export interface Place {
  readonly path: string
  /** With its question mark; '' where empty. */
  readonly search: string
}

const here = (): Place => ({ path: window.location.pathname, search: window.location.search })

/** Path and search of the page: all state that a link must contain. */
export const place = signal<Place>(here())

/** Handles back and forward, and clicks on links of the page. */
export function followHistory(): void {
  window.addEventListener('popstate', () => {
    place.value = here()
  })
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || !isOurs(link, event)) return
    event.preventDefault()
    navigate(link.pathname + link.search)
  })
}

/** Goes to a path of this page; `replace` adds no history entry. */
export function navigate(to: string, { replace = false } = {}): void {
  if (to === place.value.path + place.value.search) return
  if (replace) window.history.replaceState(null, '', to)
  else window.history.pushState(null, '', to)
  place.value = here()
}

/** Returns the decoded id of a path such as `/models/ID` below `/models/`; null if it is another path, or an escape is not valid. */
export function idBelow(list: '/anomalies/' | '/models/', path: string): string | null {
  const id = path.startsWith(list) ? path.slice(list.length) : ''
  if (id === '' || id.includes('/')) return null
  try {
    return decodeURIComponent(id)
  } catch {
    return null
  }
}

function isOurs(link: HTMLAnchorElement, event: MouseEvent): boolean {
  const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
  return (
    isPlain &&
    link.origin === window.location.origin &&
    link.target === '' &&
    !link.pathname.startsWith('/api/') &&
    link.hash === ''
  )
}
