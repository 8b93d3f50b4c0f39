/** A parser's message as the detail of a rejection: one line, of at most 200 characters. */
export function oneLine(message: string): string {
  const line = message.replace(/\s+/g, ' ').trim()
  return line.length > 200 ? `${line.slice(0, 199)}…` : line
}
