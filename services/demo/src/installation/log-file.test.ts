import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { openLogFile } from './log-file.js'

it('passes errors that services log to the function that was given last', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'outflow-test-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'outflow.log')
  const fatal: string[] = []
  const reported: string[] = []
  const file = openLogFile(path, ({ message }) => fatal.push(message))

  const log = file.logOf('trainer')
  log.error('training failed')
  log.warn('start delayed')
  file.reportErrorsTo(({ message }) => reported.push(message))
  log.error('model failed its gate')
  await file.close()

  expect(fatal).toEqual(['trainer: training failed'])
  expect(reported).toEqual(['trainer: model failed its gate'])
  expect(readFileSync(path, 'utf8').trim().split('\n')).toHaveLength(3)
})
