import { describe, expect, it } from 'vitest'
import { noTrainerAndFix, type TrainerStatus, whyNoModelAndFix, whyNoNewerModel } from './trainer-status.js'

describe('issue 17.7: the reason for having no model', () => {
  const waitingFor =
    'training window: 5,000 records read, 5,000 rejected, for example: $.amout is absent; a fit needs 2,000'
  const fit = { state: 'failed_gate', step: 40, maxSteps: 900, ageMs: 20_000, why: 'it would flood' } as const
  it.each<[string, Partial<TrainerStatus>, string]>([
    ['what the trainer waits for', { waitingFor, lastFit: fit }, waitingFor],
    [
      'the gate that the last candidate failed',
      { lastFit: fit },
      'the last candidate failed its gate: it would flood; the next fit starts with twice the records, or by training.every or cron',
    ],
    [
      'the gate that the candidate of the same records failed again',
      { lastFit: { ...fit, state: 'known' } },
      'the last fit gave a candidate again that had failed its gate: it would flood; the next fit starts with twice the records, or by training.every or cron',
    ],
    ['the error of the last fit', { lastFit: { ...fit, state: 'failed' } }, 'the last fit failed: it would flood'],
    [
      'the fit that runs, and how long it may take',
      { lastFit: { ...fit, state: 'running' } },
      'a fit is under way, step 40 of at most 900; at most 7 min left',
    ],
    [
      'the fit that has made no step',
      { lastFit: { ...fit, state: 'running', step: 0, maxSteps: null } },
      'a fit is under way',
    ],
    ['the first look at the topics', {}, 'the trainer reads its window'],
    [
      'that the trainer has ended, and what it waited for',
      { beatAgeMs: 60_000, waitingFor: 'training window: 3 records in the topics' },
      'no trainer runs; the last one waited for: training window: 3 records in the topics; start one: outflow run trainer',
    ],
  ])('is %s', (_, status, reason) => {
    expect(whyNoModelAndFix({ beatAgeMs: 1_000, waitingFor: null, lastFit: null, ...status })).toBe(reason)
  })
})

it('states that no trainer runs, and how to start one', () => {
  const trainer = { beatAgeMs: null, waitingFor: null, lastFit: null }
  expect(noTrainerAndFix(trainer)).toBe('no trainer runs; start one: outflow run trainer')
  expect(noTrainerAndFix({ ...trainer, beatAgeMs: 1_000 })).toBeNull()
})

it('states what a running trainer waits for also while a model is active', () => {
  const trainer = { beatAgeMs: 1_000, waitingFor: 'training window: 3 records in the topics', lastFit: null }
  expect(whyNoNewerModel(trainer)).toBe('training window: 3 records in the topics')
  expect(whyNoNewerModel({ ...trainer, beatAgeMs: 60_000 })).toBeNull()
})

it('states that the last candidate failed its gate also while a model is active (retrain refers to status for the reason)', () => {
  const lastFit = { state: 'failed_gate', step: 40, maxSteps: 900, ageMs: 20_000, why: 'it would flood' } as const
  expect(whyNoNewerModel({ beatAgeMs: 1_000, waitingFor: null, lastFit })).toMatch(
    /failed its gate: it would flood; the next fit starts/,
  )
})

it('states that the last fit gave a known model, which the list of models does not show', () => {
  const lastFit = { state: 'known', step: 900, maxSteps: 900, ageMs: 20_000, why: null } as const
  expect(whyNoNewerModel({ beatAgeMs: 1_000, waitingFor: null, lastFit })).toMatch(/gave it again$/)
  expect(whyNoNewerModel({ beatAgeMs: 1_000, waitingFor: null, lastFit: { ...lastFit, state: 'promoted' } })).toBeNull()
})
