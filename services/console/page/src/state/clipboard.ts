import { notify } from './notices.js'

/** Puts a text on the clipboard and shows that it did. @param what  such as `The record` */
export async function copy(what: string, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    notify('done', `${what} is on the clipboard.`)
  } catch {
    notify('failed', 'The browser does not allow access to the clipboard.')
  }
}
