/** Returns a text in the form in which Postgres can store it: NUL and lone surrogates become U+FFFD. */
export function plainText(text: string): string {
  const whole = text.toWellFormed()
  return whole.includes('\0') ? whole.replaceAll('\0', '\uFFFD') : whole
}
