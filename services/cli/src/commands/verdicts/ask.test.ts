import { expect, it } from 'vitest'
import { summaryOf } from './ask.js'

const none = { verdict: null }
const confirmed = { verdict: 'confirmed' } as const
const normal = { verdict: 'false_alarm' } as const

it('the summary counts the labels of this run, not those of an earlier one', () => {
  expect(summaryOf([confirmed, none], [confirmed, none])).toBe(
    '0 calibration records labelled, 0 confirmed as anomalies: the calibration set stays as it is',
  )
  expect(summaryOf([normal, none, none], [normal, confirmed, none])).toMatch(
    /^1 calibration record labelled, 1 confirmed as anomalies: the trainer removes the anomalies /,
  )
})

it('the summary states that labels without an anomaly change nothing, and that others do', () => {
  expect(summaryOf([none, none], [normal, normal])).toMatch(/^2 .*, 0 .*: the calibration set stays as it is$/)
  // An earlier anomaly in a group that is now complete: its share of the group's other records is removed.
  expect(summaryOf([confirmed, none], [confirmed, normal])).toMatch(/^1 .*, 0 .*: the trainer removes /)
})
