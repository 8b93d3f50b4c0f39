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

/** Returns the parts of a path that match a pattern such as `/models/:id`, decoded; null where it does not match. */
export function matchPath(pattern: string, path: string): Readonly<Record<string, string>> | null {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return null
  const parts: Record<string, string> = {}
  for (const [i, part] of wanted.entries()) {
    const value = given[i]!
    if (!part.startsWith(':')) {
      if (part !== value) return null
    } else {
      const decoded = decode(value)
      if (decoded === null || decoded === '') return null
      parts[part.slice(1)] = decoded
    }
  }
  return parts
}

/** null when an escape is not valid. */
function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

function isOurs(link: HTMLAnchorElement, event: MouseEvent): boolean {
  const isPlain = event.button === 0 && !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)
  return (
    isPlain &&
    !event.defaultPrevented &&
    link.origin === window.location.origin &&
    link.target === '' &&
    !link.hasAttribute('download') &&
    !link.pathname.startsWith('/api/') &&
    link.hash === ''
  )
}
