import { readFileSync } from 'node:fs'
import { ComponentStartFailed } from './errors.js'

interface SystemUser {
  readonly uid: number
  readonly gid: number
}

/**
 * The user that runs Postgres when this process is root, because Postgres refuses root: `postgres` if it exists, otherwise
 * `nobody`.
 *
 * @throws {ComponentStartFailed} when the system has neither
 */
export function unprivilegedUser(passwd = readFileSync('/etc/passwd', 'utf8')): SystemUser {
  const users = new Map(passwd.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.split(':')] as const))
  const fields = users.get('postgres') ?? users.get('nobody')
  if (fields === undefined) {
    throw new ComponentStartFailed(
      'Postgres refuses to run as root, and there is no user postgres or nobody to run it as',
    )
  }
  return { uid: Number(fields[2]), gid: Number(fields[3]) }
}
