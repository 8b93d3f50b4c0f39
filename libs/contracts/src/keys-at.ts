interface Node {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
  readonly anyOf?: readonly Node[]
  readonly oneOf?: readonly Node[]
  readonly allOf?: readonly Node[]
  readonly $defs?: Readonly<Record<string, Node>>
}

/** Names of the keys that a JSON Schema has at a path, in any branch of a union. */
export function keysAt(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  const root = schema as Node
  const branches = (node: Node): Node[] => {
    const referred = node.$ref === undefined ? [] : branches(root.$defs?.[node.$ref.replace('#/$defs/', '')] ?? {})
    const alternatives = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])]
    return [node, ...referred, ...alternatives.flatMap(branches)]
  }
  const at = path.reduce<Node[]>(
    (nodes, part) =>
      nodes.flatMap((node) => {
        const inner = typeof part === 'number' ? node.items : node.properties?.[String(part)]
        return inner === undefined ? [] : branches(inner)
      }),
    branches(root),
  )
  return [...new Set(at.flatMap((node) => Object.keys(node.properties ?? {})))]
}
