import type { ComponentChildren, TargetedSubmitEvent } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import type { ApiError } from '../api/client.js'
import { notify } from '../state/notices.js'
import { asApiError } from '../state/resource.js'
import { Failure } from './states.js'

interface DialogProps {
  readonly title: string
  /** Consequences of the action, or its inputs. */
  readonly children: ComponentChildren
  /** Label of the button that acts: a verb. Default: the dialog can only be closed. */
  readonly action?: string
  /** Whether the inputs among `children` are complete. Default: true. */
  readonly isComplete?: boolean
  /** Called with a function that returns the trimmed text of an input by its name; an error is shown in the dialog. */
  readonly act?: (typed: (name: string) => string) => Promise<void>
  readonly onClose: () => void
}

/** A dialog that asks for an action's inputs, or for confirmation of an action that affects others; without an action, one to read. */
export function Dialog({ title, children, action, isComplete = true, act, onClose }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  const [isActing, setActing] = useState(false)
  const [failure, setFailure] = useState<ApiError | null>(null)
  useEffect(() => dialog.current?.showModal(), [])

  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    if (act === undefined) return
    const inputs = new FormData(event.currentTarget)
    const shown = dialog.current!
    setActing(true)
    try {
      await act((name) => String(inputs.get(name)).trim())
      // Returns the focus to the button that opened it, and calls `onClose`.
      shown.close()
    } catch (error: unknown) {
      const failed = asApiError(error)
      // Closed meanwhile, or replaced by the form to log in, it cannot show why.
      if (!shown.open || failed.status === 401) notify('failed', `“${title}” failed. ${failed.message}`)
      setFailure(failed)
      setActing(false)
    }
  }
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby={heading}>
      <form onSubmit={submit}>
        {/* Without an action it gets the focus: on a phone, an input would open the keyboard. */}
        <h2 id={heading} {...(action === undefined ? { tabIndex: -1, autofocus: true } : {})}>
          {title}
        </h2>
        {children}
        {failure !== null && <Failure error={failure} />}
        <div class="row end">
          <button type="button" onClick={() => dialog.current?.close()}>
            {action === undefined ? 'Close' : 'Cancel'}
          </button>
          {action !== undefined && (
            <button type="submit" class="primary" disabled={isActing || !isComplete}>
              {action}
            </button>
          )}
        </div>
      </form>
    </dialog>
  )
}

/** An input named `reason`, of a dialog. The text is trimmed: blanks alone are none. */
export function ReasonInput({ label }: { label: string }) {
  return (
    <label class="stacked">
      {label}
      <input name="reason" required maxLength={500} pattern=".*\S.*" title="Not only spaces." />
    </label>
  )
}
