import type { TargetedSubmitEvent } from 'preact'
import { useState } from 'preact/hooks'
import { MAX_PLACE } from '../../../src/api/limits.js'
import { type ApiError, queryString, write } from '../api/client.js'
import { Failure } from '../parts/index.js'
import { place } from '../state/location.js'
import { asApiError } from '../state/resource.js'
import { openSession, sessionError } from '../state/session.js'

/** Login to a console with authentication: by the OpenID provider, by a token, or either. */
export function SignInPage() {
  const logins = sessionError.value?.logins ?? []
  const { path, search } = place.value
  // Without its filters where the link is too long for a login.
  const back = path.length + search.length > MAX_PLACE ? path : path + search
  return (
    <main class="sign-in">
      <h1>outflow</h1>
      <div class="panel">
        {logins.includes('oidc') && (
          <p>
            <a class="button" href={`/api/login${queryString({ to: back })}`}>
              Log in at your organisation
            </a>
          </p>
        )}
        {logins.includes('token') && <TokenForm />}
        {logins.length === 0 && <p>No way to log in is configured; see `console.authentication` in outflow.yaml.</p>}
      </div>
    </main>
  )
}

function TokenForm() {
  const [failure, setFailure] = useState<ApiError | null>(null)
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault()
    const token = String(new FormData(event.currentTarget).get('token')).trim()
    try {
      await write('POST', '/session', { token })
      await openSession()
    } catch (error: unknown) {
      setFailure(asApiError(error))
    }
  }
  return (
    <form onSubmit={submit}>
      <label class="stacked">
        Token
        <input name="token" type="password" autocomplete="current-password" required />
      </label>
      {failure !== null && <Failure error={failure} />}
      <button type="submit" class="primary">
        Log in
      </button>
    </form>
  )
}
