import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'

/** Names of keys as KeyboardEvent.key has them, and what they do. */
type Shortcuts = Readonly<Record<string, () => void>>

const KEPT_AS = 'outflow.shortcuts'
const stack: { current: Shortcuts }[] = []

/** Single keys can be in the way of speech input: they can be turned off (WCAG 2.1.4). */
export const areShortcutsOn = signal(keptChoice() !== 'off')

export function turnShortcuts(on: boolean): void {
  areShortcutsOn.value = on
  try {
    window.localStorage.setItem(KEPT_AS, on ? 'on' : 'off')
  } catch {
    // Storage is forbidden here: the choice lasts as long as the page.
  }
}

/** Makes keys do something while the component that calls it is shown; the innermost meaning of a key counts. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const entry = useRef(shortcuts)
  entry.current = shortcuts
  useEffect(() => {
    stack.push(entry)
    return () => {
      stack.splice(stack.indexOf(entry), 1)
    }
  }, [])
}

/** Listens for keys; called once. */
export function listenForKeys(): void {
  window.addEventListener('keydown', (event) => {
    if (!areShortcutsOn.value || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (document.querySelector('dialog[open]') !== null || isTyping(event.target)) return
    for (const { current } of stack.toReversed()) {
      const act = current[event.key]
      if (act === undefined) continue
      event.preventDefault()
      act()
      return
    }
  })
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName)
}

function keptChoice(): string | null {
  try {
    return window.localStorage.getItem(KEPT_AS)
  } catch {
    return null
  }
}
