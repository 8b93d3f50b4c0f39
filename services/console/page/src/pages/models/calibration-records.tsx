import type { Verdict } from '@outflow/contracts/verdict'
import { useState } from 'preact/hooks'
import type { CalibrationRecords } from '../../api/types.js'
import { Shown, Table, Time } from '../../parts/index.js'
import { useRead } from '../../state/resource.js'
import { currentPipeline, may } from '../../state/session.js'
import { formatAmount, formatCount } from '../../words/format.js'
import { giveVerdict } from '../verdicts.js'

const CHOICES: readonly { readonly verdict: Verdict; readonly text: string; readonly means: string }[] = [
  { verdict: 'confirmed', text: 'Anomaly', means: 'an anomaly: it leaves the calibration set' },
  { verdict: 'false_alarm', text: 'Normal', means: 'a normal record' },
  { verdict: 'expected', text: 'Expected', means: 'unusual, but known beforehand: it stays' },
]

/** The calibration records of the active model to label next. */
export function CalibrationRecordsSection() {
  const calibration = useRead<CalibrationRecords>('/calibration-records', { pipeline: currentPipeline.value })
  const [isGiving, setGiving] = useState(false)
  const { data, error } = calibration
  if (error === null && (data === null || (data.next.length === 0 && data.labelled === 0))) return null
  const give = async (id: string, verdict: Verdict) => {
    setGiving(true)
    if (await giveVerdict({ id, key: null }, verdict)) calibration.reload()
    setGiving(false)
  }
  return (
    <section aria-labelledby="calibration">
      <h2 id="calibration">Label calibration records</h2>
      <Shown of={calibration} what="calibration records">
        {(found) => (
          <>
            <p class="quiet">
              Anomalies among the calibration records of the active model hide others. Those that you confirm are
              removed from them within half a minute, without a fit. {formatCount(found.labelled)} labelled,{' '}
              {formatCount(found.confirmed)} confirmed
              {found.next.length === 0 && '; no more labels are needed'}.
            </p>
            {found.next.length > 0 && (
              <Table
                columns={[
                  { name: 'record', kind: 'detail', of: ({ id }) => <code>{id}</code> },
                  { name: 'time', of: ({ recordTime }) => <Time at={recordTime} /> },
                  { name: 'values', kind: 'detail', of: ({ record }) => valuesOf(record) },
                  { name: 'nll', kind: 'number', of: ({ nll }) => formatAmount(nll) },
                  {
                    name: 'label',
                    of: ({ id }) =>
                      may('analyst') ? (
                        <div class="row">
                          {CHOICES.map(({ verdict, text, means }) => (
                            <button
                              key={verdict}
                              type="button"
                              title={means}
                              aria-label={`${text}: ${id}`}
                              disabled={isGiving}
                              onClick={() => give(id, verdict)}
                            >
                              {text}
                            </button>
                          ))}
                        </div>
                      ) : (
                        'requires the role analyst'
                      ),
                  },
                ]}
                rows={found.next}
                keyOf={({ id }) => id}
              />
            )}
          </>
        )}
      </Shown>
    </section>
  )
}

const valuesOf = (record: CalibrationRecords['next'][number]['record']): string =>
  Object.entries(record)
    .map(([name, value]) => `${name} ${value ?? 'missing'}`)
    .join(', ')
