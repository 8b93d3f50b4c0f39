import { formatRule } from '@outflow/contracts/wording'
import { useState } from 'preact/hooks'
import { queryString, write } from '../api/client.js'
import type { Suppression } from '../api/types.js'
import { Dialog, Empty, Page, Shown, Table, Time } from '../parts/index.js'
import { navigate, place } from '../state/location.js'
import { notify } from '../state/notices.js'
import { useRead } from '../state/resource.js'
import { currentPipeline, may, withPipeline } from '../state/session.js'
import { formatCount } from '../words/format.js'
import { AddRule } from './suppressions/add-rule.js'
import { BLANK, prefilled } from './suppressions/rule-inputs.js'

const REFRESH_MS = 30_000

/** The rules that hide alerts, the number that each has hidden, and forms to add and remove rules. */
export function SuppressionsPage() {
  const pipeline = currentPipeline.value
  const rules = useRead<readonly Suppression[]>('/suppressions', { pipeline }, REFRESH_MS)
  const [adding, setAdding] = useState(() => (may('operator') ? prefilled(place.value.search) : null))
  const [removing, setRemoving] = useState<Suppression | null>(null)
  return (
    <Page
      title="Suppressions"
      tools={
        may('operator') && (
          <button type="button" class="primary" onClick={() => setAdding(BLANK)}>
            Add a rule
          </button>
        )
      }
    >
      <p class="quiet">
        A rule hides alerts until it expires. The anomalies themselves stay in the list and in Postgres.
      </p>
      <Shown of={rules} what="rules">
        {(found) => <RuleTable rules={found} onRemove={setRemoving} />}
      </Shown>
      {adding !== null && (
        <AddRule
          initial={adding}
          onClose={() => {
            setAdding(null)
            navigate(withPipeline('/suppressions'), { replace: true })
          }}
          onAdded={() => {
            notify('done', 'The rule is active.')
            rules.reload()
          }}
        />
      )}
      {removing !== null && (
        <Dialog
          title="Remove this rule?"
          action="Remove"
          onClose={() => setRemoving(null)}
          act={async () => {
            await write('DELETE', `/suppressions/${encodeURIComponent(removing.id)}${queryString({ pipeline })}`)
            notify('done', 'The rule is removed; alerts that it hid stay hidden.')
            rules.reload()
          }}
        >
          <p>
            <b>{formatRule(removing)}</b>: alerts like these are sent again. Alerts that it hid stay hidden and counted.
          </p>
        </Dialog>
      )}
    </Page>
  )
}

function RuleTable({ rules, onRemove }: { rules: readonly Suppression[]; onRemove: (rule: Suppression) => void }) {
  return (
    <Table
      empty={<Empty title="No rules" />}
      columns={[
        { name: 'hides', kind: 'detail', of: formatRule },
        {
          name: 'hidden so far',
          kind: 'number',
          of: ({ hidden, lastHiddenAt }) => (
            <>
              {formatCount(hidden)}{' '}
              {lastHiddenAt !== null && (
                <small>
                  last <Time at={lastHiddenAt} ago />
                </small>
              )}
            </>
          ),
        },
        { name: 'until', of: ({ expiresAt }) => <Time at={expiresAt} /> },
        { name: 'why', kind: 'detail', of: ({ reason }) => reason },
        {
          name: 'by',
          kind: 'detail',
          of: ({ createdBy, createdAt }) => (
            <>
              {createdBy}, <Time at={createdAt} ago />
            </>
          ),
        },
        {
          name: 'Remove',
          isUnseen: true,
          of: (rule) =>
            may('operator') && (
              <button type="button" class="link" onClick={() => onRemove(rule)}>
                Remove<span class="unseen">: {formatRule(rule)}</span>
              </button>
            ),
        },
      ]}
      rows={rules}
      keyOf={({ id }) => id}
    />
  )
}
