interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  /** Of an object whose keys are the values of an enumeration. */
  readonly propertyNames?: { readonly enum?: readonly string[] }
  readonly items?: Node
  readonly anyOf?: readonly Node[]
  readonly oneOf?: readonly Node[]
}

/** Names of the keys that a JSON Schema has at a path, in any branch of a union. */
export function keysAt(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  const branches = (node: Node): Node[] => [node, ...[...(node.anyOf ?? []), ...(node.oneOf ?? [])].flatMap(branches)]
  const at = path.reduce<Node[]>(
    (nodes, part) =>
      nodes.flatMap((node) => {
        const inner = typeof part === 'number' ? node.items : node.properties?.[String(part)]
        return inner === undefined ? [] : branches(inner)
      }),
    branches(schema as Node),
  )
  return [
    ...new Set(at.flatMap((node) => [...Object.keys(node.properties ?? {}), ...(node.propertyNames?.enum ?? [])])),
  ]
}
