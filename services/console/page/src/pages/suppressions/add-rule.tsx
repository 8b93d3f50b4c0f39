import { formatRule } from '@outflow/contracts/wording'
import type { ComponentProps } from 'preact'
import { useState } from 'preact/hooks'
import { write } from '../../api/client.js'
import type { NewSuppression } from '../../api/types.js'
import { Dialog, ReasonInput } from '../../parts/index.js'
import { currentPipeline, withPipeline } from '../../state/session.js'
import { MOST_DAYS, type RuleInputs, ruleOf } from './rule-inputs.js'

interface AddRuleProps {
  /** Initial values of the inputs. */
  readonly initial: RuleInputs
  readonly onAdded: () => void
  readonly onClose: () => void
}

/** A form for a new rule, with a description of the alerts that it will hide. */
export function AddRule({ initial, onAdded, onClose }: AddRuleProps) {
  const pipeline = currentPipeline.value
  const [typed, setTyped] = useState(initial)
  const rule = ruleOf(typed)
  const namesSomething = rule.entity !== null || rule.field !== null || rule.timeOfWeek !== null
  const input = (name: keyof RuleInputs) => ({
    name,
    value: typed[name],
    onInput: ({ currentTarget }: { currentTarget: HTMLInputElement | HTMLSelectElement }) =>
      setTyped((before) => ({ ...before, [name]: currentTarget.value })),
  })
  const labelled = (label: string, name: keyof RuleInputs, attributes: ComponentProps<'input'>) => (
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
        {labelled('For how many days', 'days', { type: 'number', min: '1', max: MOST_DAYS, required: true })}
      </div>
      <ReasonInput label="Why" />
      <p class="quiet" aria-live="polite">
        {namesSomething ? (
          <>
            Hides: {formatRule(rule)}.{' '}
            {(rule.entity !== null || rule.field !== null) && (
              <a
                href={withPipeline('/', { range: '30d', key: rule.entity, field: rule.field })}
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
