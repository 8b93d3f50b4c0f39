import { signal } from '@preact/signals'

/** Whether the window is as narrow as a phone, or a tablet upright; same width as in the style sheet. */
export const isNarrow = matching('(max-width: 900px)')

export const isDark = matching('(prefers-color-scheme: dark)')

function matching(media: string) {
  const query = window.matchMedia(media)
  const matches = signal(query.matches)
  query.addEventListener('change', () => {
    matches.value = query.matches
  })
  return matches
}
