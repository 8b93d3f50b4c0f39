import { signal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { keep, kept } from './storage.js'

/** Actions by key name, as in KeyboardEvent.key. */
type Shortcuts = Readonly<Record<string, () => void>>

const KEPT_AS = 'outflow.shortcuts'
const stack: { current: Shortcuts }[] = []

/** Single-key shortcuts can conflict with speech input, so that they can be turned off (WCAG 2.1.4). */
export const areShortcutsOn = signal(kept('localStorage', KEPT_AS) !== 'off')

export function turnShortcuts(on: boolean): void {
  areShortcutsOn.value = on
  keep('localStorage', KEPT_AS, on ? 'on' : 'off')
}

/** Binds keys while the calling component is shown; the innermost binding of a key wins. */
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

/** Listens for keys; call it once. */
export function listenForKeys(): void {
  window.addEventListener('keydown', (event) => {
    if (!areShortcutsOn.value || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
    if (document.querySelector('dialog[open]') !== null || isTyping(event.target)) return
    for (const { current } of stack.toReversed()) {
      const act = current[event.key]
      if (act === undefined) continue
      event.preventDefault()
      if (!event.repeat || STEPS.includes(event.key)) act()
      return
    }
  })
}

/** Keys that act again while they are held. A verdict would be stored many times. */
const STEPS: readonly string[] = ['j', 'k']

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName)
}
