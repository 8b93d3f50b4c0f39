import { userInfo } from 'node:os'
import { expect, it } from 'vitest'
import { userName } from './user-name.js'

it('is the name of the user, and the uid where the system lists no such user', () => {
  const unlisted = () => {
    throw new Error('A system error occurred: uv_os_get_passwd returned ENOENT (no such file or directory)')
  }

  expect(userName()).toBe(userInfo().username)
  expect(userName(unlisted)).toBe(`uid ${process.getuid!()}`)
})
