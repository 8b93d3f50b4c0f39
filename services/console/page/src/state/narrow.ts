import { useEffect, useState } from 'preact/hooks'

/** Whether the window is as narrow as a phone; same width as in the style sheet. */
export function useIsNarrow(): boolean {
  const [query] = useState(() => window.matchMedia('(max-width: 760px)'))
  const [isNarrow, setNarrow] = useState(query.matches)
  useEffect(() => {
    const change = () => setNarrow(query.matches)
    query.addEventListener('change', change)
    return () => query.removeEventListener('change', change)
  }, [query])
  return isNarrow
}
