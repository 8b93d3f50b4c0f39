import { expect, test } from 'vitest'
import { describePromotion } from './models.js'

test('the promotion of the active model states that nothing changes (it was "scores from now on")', () => {
  expect(describePromotion({ id: 'b', previousId: 'b' })).toBe('b is the active model already; nothing changes')
  expect(describePromotion({ id: 'b', previousId: 'a' })).toBe('b scores from now on; a before')
  expect(describePromotion({ id: 'b', previousId: null })).toBe('b scores from now on; no model before')
})
