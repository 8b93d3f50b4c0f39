type Method = (...args: never[]) => unknown

const replacements = new WeakSet<Method>()

/**
 * Replaces a method of kafkajs; a second call changes nothing.
 *
 * @param act  gets the object, the original method, and the arguments
 */
export function replaceMethod<Name extends string, Owner extends Record<Name, Method>>(
  owner: Owner,
  name: Name,
  act: (self: Owner, original: Owner[Name], ...args: Parameters<Owner[Name]>) => ReturnType<Owner[Name]>,
): void {
  const original = owner[name]
  if (replacements.has(original)) return
  function replacement(this: Owner, ...args: Parameters<Owner[Name]>) {
    return act(this, original, ...args)
  }
  replacements.add(replacement)
  Object.assign(owner, { [name]: replacement })
}
