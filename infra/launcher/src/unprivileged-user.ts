import { readFileSync } from 'node:fs'
import { ComponentStartFailed } from './errors.js'

/**
 * The user that runs Postgres when this process is root, because Postgres refuses root: `postgres` if it exists, otherwise
 * `nobody`.
 *
 * @throws {ComponentStartFailed} when the system has neither
 */
export function unprivilegedUser(passwd = readFileSync('/etc/passwd', 'utf8')) {
  const users = passwd.split('\n').map((line) => line.split(':'))
  const fields = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (fields === undefined) {
    throw new ComponentStartFailed(
      'Postgres refuses to run as root, and there is no user postgres or nobody to run it as',
    )
  }
  return { uid: Number(fields[2]), gid: Number(fields[3]) }
}
