import { useState } from 'preact/hooks'
import { queryString, write } from '../../api/client.js'
import type { View } from '../../api/types.js'
import { Closable } from '../../parts/closable.js'
import { Failure } from '../../parts/failure.js'
import { Shown } from '../../parts/states.js'
import { type Filters, formatFilters, parseFilters } from '../../state/filters.js'
import { navigate } from '../../state/location.js'
import { asApiError, useRead } from '../../state/resource.js'
import { may } from '../../state/session.js'

/** Dialog with the saved views of the pipeline; it opens, saves and deletes them. */
export function Views({ filters, onClose }: { filters: Filters; onClose: () => void }) {
  const { pipeline } = filters
  const views = useRead<readonly View[]>('/views', { pipeline })
  const [name, setName] = useState('')
  const [failure, setFailure] = useState<string | null>(null)
  const change = async (act: () => Promise<unknown>) => {
    setFailure(null)
    try {
      await act()
      setName('')
      views.reload()
    } catch (error: unknown) {
      setFailure(asApiError(error).message)
    }
  }
  const save = (event: Event) => {
    event.preventDefault()
    const search = formatFilters({ ...filters, pipeline: '' })
    void change(() => write('POST', '/views', { pipeline, name: name.trim(), search }))
  }
  const remove = (view: View) =>
    change(() => write('DELETE', `/views/${encodeURIComponent(view.name)}${queryString({ pipeline })}`))
  const open = (view: View) => {
    navigate(`/${formatFilters({ ...parseFilters(view.search), pipeline })}`)
    onClose()
  }
  return (
    <Closable title="Saved views" onClose={onClose}>
      <Shown of={views} what="views">
        {(found) =>
          found.length === 0 ? (
            <p class="quiet">None yet. A view is what the filters select now, under a name.</p>
          ) : (
            <ul class="plain-list">
              {found.map((view) => (
                <li key={view.name} class="row spread">
                  <button type="button" class="link" onClick={() => open(view)}>
                    {view.name}
                  </button>
                  {may('analyst') && (
                    <button type="button" class="link" onClick={() => remove(view)}>
                      Delete<span class="unseen"> {view.name}</span>
                    </button>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Shown>
      {may('analyst') && (
        <form class="row" onSubmit={save}>
          <label>
            <span class="unseen">Name of the view</span>
            <input
              value={name}
              placeholder="Name"
              required
              maxLength={100}
              pattern=".*\S.*"
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
          </label>
          <button type="submit">Save the current view</button>
        </form>
      )}
      <Failure text={failure} />
    </Closable>
  )
}
