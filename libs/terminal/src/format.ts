const integer = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

/** `20020` becomes `20,020`. */
export const formatCount = (count: number): string => integer.format(count)

/** `1234` becomes `1.2 s`. */
export const formatSeconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
