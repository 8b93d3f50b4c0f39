import { formatRule } from '@outflow/contracts/wording'
import type { ComponentProps } from 'preact'
import { useState } from 'preact/hooks'
import { queryString, write } from '../../api/client.js'
import type { NewSuppression } from '../../api/types.js'
import { Dialog, ReasonInput } from '../../parts/dialog.js'
import { USER_ZONE } from '../../words/format.js'
import type { BLANK } from './hide-like.js'

interface AddRuleProps {
  readonly pipeline: string
  /** Initial values of the inputs. */
  readonly initial: typeof BLANK
  readonly onAdded: () => void
  readonly onClose: () => void
}

/** A form for a new rule, with a description of the alerts that it will hide. */
export function AddRule({ pipeline, initial, onAdded, onClose }: AddRuleProps) {
  const [typed, setTyped] = useState(initial)
  const rule = ruleOf(typed)
  const namesSomething = rule.entity !== null || rule.field !== null || rule.timeOfWeek !== null
  const input = (name: keyof typeof BLANK) => ({
    name,
    value: typed[name],
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement | HTMLSelectElement }) =>
      setTyped((before) => ({ ...before, [name]: currentTarget.value })),
  })
  const labelled = (label: string, name: keyof typeof BLANK, attributes: ComponentProps<'input'>) => (
    <label class="stacked">
      {label}
      <input {...input(name)} {...attributes} />
    </label>
  )
  return (
    <Dialog
      title={`Hide alerts of ${pipeline}`}
      action="Hide them"
      isComplete={namesSomething}
      act={async (text) => {
        await write('POST', '/suppressions', { pipeline, ...rule, reason: text('reason') } satisfies NewSuppression)
        onAdded()
      }}
      onClose={onClose}
    >
      <div class="form-grid">
        {labelled('Key', 'entity', { placeholder: 'any', maxLength: 500 })}
        {labelled('Least likely field', 'field', { placeholder: 'any', maxLength: 500 })}
        <label class="stacked">
          Its value is
          <select {...input('direction')} disabled={rule.field === null}>
            <option value="">anywhere</option>
            <option value="above">above normal</option>
            <option value="below">below normal</option>
          </select>
        </label>
        <div class="row">
          {labelled('At least', 'least', { type: 'number', step: 'any', disabled: rule.field === null })}
          {labelled('At most', 'largest', { type: 'number', step: 'any', disabled: rule.field === null })}
        </div>
        {labelled('Time of the week', 'timeOfWeek', { placeholder: 'any, or mon 06:00-09:00', maxLength: 500 })}
        {labelled('For how many days', 'days', { type: 'number', min: '1', max: '365', required: true })}
      </div>
      <ReasonInput label="Why" />
      <p class="quiet" aria-live="polite">
        {namesSomething ? (
          <>
            Hides: {formatRule(rule)}.{' '}
            {(rule.entity !== null || rule.field !== null) && (
              <a
                href={`/${queryString({ pipeline, range: '30d', key: rule.entity, field: rule.field })}`}
                target="_blank"
                rel="noopener"
              >
                Anomalies of the last 30 days with this key and field
              </a>
            )}
          </>
        ) : (
          'Give a key, a field or a time of the week, or several.'
        )}
      </p>
    </Dialog>
  )
}

const DAY_MS = 86_400_000

function ruleOf(typed: typeof BLANK) {
  // Without a change: a key may begin or end with spaces.
  const text = (value: string) => (value === '' ? null : value)
  const number = (value: string) => (value.trim() === '' ? null : Number(value))
  const field = text(typed.field)
  const range: [number | null, number | null] = [number(typed.least), number(typed.largest)]
  return {
    entity: text(typed.entity),
    field,
    direction: field === null ? null : directionOf(typed.direction),
    range: field === null || (range[0] === null && range[1] === null) ? null : range,
    timeOfWeek: text(typed.timeOfWeek.trim()),
    zone: USER_ZONE,
    expiresAt: new Date(Date.now() + Math.max(1, Number(typed.days)) * DAY_MS).toISOString(),
  }
}

const directionOf = (text: string): 'above' | 'below' | null => (text === 'above' || text === 'below' ? text : null)
