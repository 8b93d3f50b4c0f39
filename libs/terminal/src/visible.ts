/**
 * Makes text from data safe for a terminal: control characters, among them those that begin escape sequences, and characters that
 * change the direction of text are shown as escapes such as `\u001b`. Line ends, tabs and colours (SGR sequences) stay.
 */
export function visible(text: string): string {
  return text.replaceAll(UNSAFE, (match) => {
    if (match === '\n' || match === '\t') return match
    return match.length > 1 && match.startsWith(ESCAPE) ? match : escaped(match)
  })
}

/** The same for a text that must stay on its line: line ends and tabs are shown as escapes, and so are colours. */
export function oneLine(text: string): string {
  return text.replaceAll(UNSAFE, escaped)
}

/** A text with colours that must stay on its line: line ends and tabs are shown as escapes. */
export function onOneLine(text: string): string {
  return text.replaceAll(/[\n\t]/g, escaped)
}

const ESCAPE = '\u001b'
/** A colour, or a character: controls, line and paragraph separators, marks and overrides of direction. */
const UNSAFE = /\p{Cc}\[[0-9;]{0,20}m|[\p{Cc}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

function escaped(match: string): string {
  return `\\u${match.charCodeAt(0).toString(16).padStart(4, '0')}${match.slice(1)}`
}
