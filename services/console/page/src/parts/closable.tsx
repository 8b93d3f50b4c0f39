import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'

interface ClosableProps {
  readonly title: string
  readonly children: ComponentChildren
  readonly onClose: () => void
}

/** A dialog with a heading and a button that closes it. */
export function Closable({ title, children, onClose }: ClosableProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby={heading}>
      {/* Gets the focus: on a phone, an input would open the keyboard. */}
      <h2 id={heading} tabIndex={-1} autofocus>
        {title}
      </h2>
      {children}
      <div class="row end">
        <button type="button" onClick={() => dialog.current?.close()}>
          Close
        </button>
      </div>
    </dialog>
  )
}
