/** Limits of the API that the page applies to its inputs as well; without imports, so that its bundle gets no more than these. */

/** Of one bulk verdict. */
export const MAX_BULK_VERDICTS = 1_000
