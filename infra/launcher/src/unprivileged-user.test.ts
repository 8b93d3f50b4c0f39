import { describe, expect, it } from 'vitest'
import { unprivilegedUser } from './unprivileged-user.js'

const NOBODY = 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65533:nobody:/:/bin/false\n'

describe('unprivilegedUser', () => {
  it('returns postgres if it exists, otherwise nobody', () => {
    expect(unprivilegedUser(NOBODY)).toEqual({ uid: 65534, gid: 65533 })
    expect(unprivilegedUser(`${NOBODY}postgres:x:101:104::/var/lib/postgresql:/bin/sh\n`)).toEqual({
      uid: 101,
      gid: 104,
    })
  })

  it('throws when neither exists', () => {
    expect(() => unprivilegedUser('root:x:0:0:::')).toThrow('Postgres refuses to run as root')
  })
})
