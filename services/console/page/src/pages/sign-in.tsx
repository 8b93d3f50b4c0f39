import { useState } from 'preact/hooks'
import { write } from '../api/client.js'
import { asApiError } from '../state/resource.js'
import { openSession } from '../state/session.js'

/** For consoles that are open to more than this machine. */
export function SignInPage() {
  const [token, setToken] = useState('')
  const [failure, setFailure] = useState<string | null>(null)
  const submit = async (event: Event) => {
    event.preventDefault()
    try {
      await write('POST', '/session', { token: token.trim() })
      await openSession()
    } catch (error: unknown) {
      setFailure(asApiError(error).message)
    }
  }
  return (
    <main class="sign-in">
      <h1>outflow</h1>
      <form onSubmit={submit} class="panel">
        <label class="stacked">
          Access token
          <input
            type="password"
            autocomplete="current-password"
            value={token}
            onInput={(event) => setToken(event.currentTarget.value)}
            required
          />
        </label>
        {failure !== null && (
          <p class="failure" role="alert">
            {failure}
          </p>
        )}
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
    </main>
  )
}
