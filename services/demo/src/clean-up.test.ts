import { expect, it } from 'vitest'
import { withCleanUp } from './clean-up.js'

it('undoes the last first, also when the work and an undoing fail, and throws what the work threw', async () => {
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

it('throws what an undoing threw when the work went well', async () => {
  const work = withCleanUp(async (defer) => defer(() => Promise.reject(new Error('folder'))))
  await expect(work).rejects.toThrow('folder')
})
