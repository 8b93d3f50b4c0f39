import { notify } from './notices.js'

/** Copies a text to the clipboard and shows a notice. @param what  such as `The record` */
export async function copy(what: string, text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    notify('done', `${what} is on the clipboard.`)
  } catch {
    notify('failed', 'The browser does not allow access to the clipboard.')
  }
}
