const integer = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** `20020` becomes `20,020`. */
export const formatCount = (count: number): string => integer.format(count)

/** `0.0123` becomes `1.2 %`. */
export const formatShare = (share: number): string => `${(100 * share).toFixed(1)} %`

/** `1234` becomes `1.2 s`. */
export const formatSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
