/** Bytes as text where they are UTF-8, without a character that a cut at the end leaves incomplete; else in base64. */
export function readable(bytes: Buffer | null): string | null {
  if (bytes === null) return null
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return `base64: ${bytes.toString('base64')}`
  }
}
