import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ApiError } from '../api/client.js'
import { asApiError } from '../state/resource.js'
import { Failure } from './states.js'

interface ConfirmProps {
  readonly title: string
  /** Consequences of the action, or its inputs. */
  readonly children: ComponentChildren
  /** Label of the button: a verb. */
  readonly action: string
  /** Requires a reason as well, which the audit log stores. Default: false. */
  readonly asksWhy?: boolean
  /** Whether the inputs among `children` are complete. Default: true. */
  readonly isComplete?: boolean
  readonly act: (why: string) => Promise<void>
  readonly onClose: () => void
}

/** Attributes of an input for a reason. The text is trimmed: blanks alone are none. */
export const REASON_INPUT = { required: true, maxLength: 500, pattern: '.*\\S.*', title: 'Not only spaces.' }

/** Dialog that asks for an action's inputs, or for confirmation of an action that affects others. */
export function Confirm({ title, children, action, asksWhy = false, isComplete = true, act, onClose }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [why, setWhy] = useState('')
  const [isActing, setActing] = useState(false)
  const [failure, setFailure] = useState<ApiError | null>(null)
  useEffect(() => dialog.current?.showModal(), [])

  const submit = async (event: Event) => {
    event.preventDefault()
    setActing(true)
    try {
      await act(why.trim())
      onClose()
    } catch (error: unknown) {
      setFailure(asApiError(error))
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
            <input value={why} onInput={(event) => setWhy(event.currentTarget.value)} {...REASON_INPUT} />
          </label>
        )}
        {failure !== null && <Failure error={failure} />}
        <div class="row end">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" class="primary" disabled={isActing || !isComplete}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  )
}
