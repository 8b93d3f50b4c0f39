import type { Answer, ConsoleUnderTest } from './a-console.js'

export type BrowserUnderTest = ReturnType<typeof aBrowser>

/** Stores the cookies of answers, and sends them again, as a browser does. */
export function aCookieJar() {
  const cookies = new Map<string, string>()
  return {
    cookies,
    header: (): string => Array.from(cookies, ([name, value]) => `${name}=${value}`).join('; '),
    take: (answered: Headers): void => {
      for (const line of answered.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
        if (/max-age=0|expires=thu, 01 jan 1970/i.test(line)) cookies.delete(name!)
        else cookies.set(name!, value!)
      }
    },
  }
}

export function aBrowser(console: ConsoleUnderTest) {
  const { cookies, header, take } = aCookieJar()
  return {
    cookies,
    ask: async (path: string, options: RequestInit = {}): Promise<Answer> => {
      const headers = new Headers(options.headers)
      headers.set('cookie', header())
      const answer = await console.ask(path, { ...options, headers })
      take(answer.headers)
      return answer
    },
  }
}
