import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { asApiError } from '../state/resource.js'
import { Failure } from './failure.js'

interface ConfirmProps {
  readonly title: string
  /** Consequences of the action. */
  readonly children: ComponentChildren
  /** Label of the button: a verb. */
  readonly action: string
  /** Requires a reason as well, which the audit log stores. */
  readonly asksWhy: boolean
  readonly act: (why: string) => Promise<void>
  readonly onClose: () => void
}

/** Asks for confirmation of an action that affects others. */
export function Confirm({ title, children, action, asksWhy, act, onClose }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [why, setWhy] = useState('')
  const [isActing, setActing] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  useEffect(() => dialog.current?.showModal(), [])

  const submit = async (event: Event) => {
    event.preventDefault()
    setActing(true)
    try {
      await act(why.trim())
      onClose()
    } catch (error: unknown) {
      setFailure(asApiError(error).message)
      setActing(false)
    }
  }
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="confirm-title">
      <form onSubmit={submit}>
        <h2 id="confirm-title">{title}</h2>
        {children}
        {asksWhy && (
          <label class="stacked">
            Why (the audit log keeps it)
            <input value={why} onInput={(event) => setWhy(event.currentTarget.value)} required maxLength={500} />
          </label>
        )}
        <Failure text={failure} />
        <div class="row end">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isActing}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  )
}
