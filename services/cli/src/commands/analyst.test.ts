import { expect, it } from 'vitest'
import { loginSql } from './analyst.js'

it('quotes any name of the login', () => {
  expect(loginSql('ada "the" analyst', 'secret')).toBe(
    `create role "ada ""the"" analyst" login password 'secret' in role outflow_analyst, outflow_reviewer;
alter role "ada ""the"" analyst" set search_path = analyst;
`,
  )
})
