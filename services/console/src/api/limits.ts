/** Limits of the API that the page applies to its inputs as well; without imports, so that its bundle gets no more than these. */

/** Characters of the place to which a login returns; the browser keeps it in a cookie, which has at most 4,096 bytes. */
export const MAX_PLACE = 2_000

/** Of one bulk verdict. */
export const MAX_BULK_VERDICTS = 1_000

/** Dead letters that one request resends. */
export const MAX_RESENDS = 500
