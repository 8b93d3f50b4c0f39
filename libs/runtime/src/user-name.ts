import { userInfo } from 'node:os'

/** Name of the user of this process; `uid 54321` where the system lists no such user, as in a container run with another uid. */
export function userName(lookUp: () => { readonly username: string } = userInfo): string {
  try {
    return lookUp().username
  } catch {
    return `uid ${process.getuid!()}`
  }
}
