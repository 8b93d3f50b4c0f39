import { KEPT_BYTES } from '@outflow/store/dead-letters'

/**
 * Bytes as text where they are UTF-8, else in base64.
 *
 * @param isCut  whether they are the beginning of more: the character that the cut leaves incomplete is left out
 */
export function readable(bytes: Buffer | null, isCut = false): string | null {
  if (bytes === null) return null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: isCut })
  } catch {
    return `base64: ${bytes.toString('base64')}`
  }
}

/** The stored beginning of a dead letter's key or value. */
export const readableStart = (stored: Buffer | null) => readable(stored, stored?.length === KEPT_BYTES)
