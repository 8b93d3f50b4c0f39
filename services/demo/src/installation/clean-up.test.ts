import { expect, it } from 'vitest'
import { withCleanUp } from './clean-up.js'

it('runs clean-ups in reverse order, also when the work and a clean-up fail, and throws the error of the work', async () => {
  const undone: string[] = []
  const work = withCleanUp(async (defer) => {
    defer(() => void undone.push('folder'))
    defer(() => Promise.reject(new Error('database')))
    defer(() => void undone.push('services'))
    throw new Error('work')
  })
  await expect(work).rejects.toThrow('work')
  expect(undone).toEqual(['services', 'folder'])
})

it('throws the error of a clean-up when the work succeeded', async () => {
  const work = withCleanUp(async (defer) => defer(() => Promise.reject(new Error('folder'))))
  await expect(work).rejects.toThrow('folder')
})
