import { formatNumber } from '@outflow/contracts/wording'

/** What to do about a value that probably stands for missing numbers. */
export const missingCodeText = (code: number): string =>
  `${formatNumber(code)} is far from all others: leave it empty if it means missing, as it hides wrong values`
