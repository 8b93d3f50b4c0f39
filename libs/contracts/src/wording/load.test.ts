import { expect, it, vi } from 'vitest'

it('makes no formatter of numbers when it is loaded (the first one of a process delayed every start)', async () => {
  const made = vi.spyOn(Intl, 'NumberFormat')
  await import('./index.js')
  expect(made).not.toHaveBeenCalled()
})
