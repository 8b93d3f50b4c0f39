import type { Answer, ConsoleUnderTest } from './a-console.js'

export interface BrowserUnderTest {
  readonly cookies: Map<string, string>
  ask(path: string, options?: RequestInit): Promise<Answer>
}

/** The cookies of a browser: stores them and sends them again. */
export function aBrowser(console: ConsoleUnderTest): BrowserUnderTest {
  const cookies = new Map<string, string>()
  return {
    cookies,
    ask: async (path, options = {}) => {
      const headers = new Headers(options.headers)
      headers.set('cookie', Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; '))
      const answer = await console.ask(path, { ...options, headers })
      for (const line of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
        if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) cookies.delete(name!)
        else cookies.set(name!, value!)
      }
      return answer
    },
  }
}
