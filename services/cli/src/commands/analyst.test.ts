import { expect, it, vi } from 'vitest'
import { main } from '../main.js'
import { loginSql } from './analyst.js'

it('quotes any name of the login', () => {
  expect(loginSql('ada "the" analyst', 'secret')).toBe(
    `begin;
create role "ada ""the"" analyst" login password 'secret' in role outflow_analyst, outflow_reviewer;
alter role "ada ""the"" analyst" set search_path = analyst;
commit;
`,
  )
})

it('prints the password on stderr, because a pipe to psql consumes the SQL', async () => {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  expect(await main(['node', 'outflow', 'analyst', 'create', 'ada'])).toBe(0)
  const [, password] = /password '([^']+)'/.exec(stdout.mock.calls.join(''))!
  expect(stderr.mock.calls.join('')).toContain(password)
  vi.restoreAllMocks()
})
