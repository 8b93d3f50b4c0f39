import { createHmac } from 'node:crypto'

/**
 * The headers by which a receiver verifies the sender and the content of an event.
 *
 *     webhook-signature: v1,base64(HMAC-SHA256(secret, id.timestamp.body))        one for each secret
 *
 * @param secrets  whsec_ and base64; several, separated by blanks, while a secret is being rotated
 * @param id       id of the event: the same at every attempt
 * @see standardwebhooks.com, specification 1.0.0, "Signature scheme" and "Webhook headers"
 */
export function signatureHeaders(
  secrets: string,
  { id, body, now }: { readonly id: string; readonly body: string; readonly now: Date },
): Record<string, string> {
  const webhookId = headerSafe(id)
  const timestamp = Math.floor(now.getTime() / 1_000)
  const signatures = secrets
    .trim()
    .split(/\s+/)
    .map((secret) => {
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
      return `v1,${createHmac('sha256', key).update(`${webhookId}.${timestamp}.${body}`).digest('base64')}`
    })
  return { 'webhook-id': webhookId, 'webhook-timestamp': String(timestamp), 'webhook-signature': signatures.join(' ') }
}

/** Percent-encodes characters that a header may not contain, and the full stop, which separates the signed parts. */
export function headerSafe(id: string): string {
  return id.replace(/[^A-Za-z0-9/_:-]+/g, (text) =>
    [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}
