import type { z } from 'zod'

/** Rejects each entry of a list that has the name of an earlier one. @param list  path of the list */
export function refuseRepeated(
  what: string,
  names: readonly string[],
  list: readonly PropertyKey[],
  context: z.RefinementCtx,
): void {
  names.forEach((name, index) => {
    if (names.indexOf(name) === index) return
    const message = `allowed: a name that no other ${what} has`
    context.addIssue({ code: 'custom', path: [...list, index, 'name'], input: name, message })
  })
}
