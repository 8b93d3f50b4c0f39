/** Years 1 to 9999, epoch ms: the range that ISO 8601, CloudEvents and timestamptz share. */
export const EARLIEST_MS = Date.parse('0001-01-01T00:00:00Z')
export const LATEST_MS = Date.parse('9999-12-31T23:59:59.999Z')
