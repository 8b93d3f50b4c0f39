/** Returns the known word that is most similar to a misspelt one; undefined if none is similar. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined
  // Up to a third of the letters may be wrong, but one of a short word, and at most three: more turn any short word into any other.
  let least = Math.min(3, Math.max(1, Math.floor(word.length / 3))) + 1
  for (const candidate of known) {
    // The difference in length is a lower bound of the edit distance.
    if (Math.abs(candidate.length - word.length) >= least) continue
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance >= least) continue
    nearest = candidate
    least = distance
  }
  return nearest
}

/**
 * The smallest number of letters to insert, delete, replace, or swap with a neighbour that turns one word into the other.
 *
 * @see Damerau 1964, "A technique for computer detection and correction of spelling errors"; the optimal-string-alignment form
 */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)]
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row]
    for (let column = 1; column <= b.length; column += 1) {
      const isSame = a[row - 1] === b[column - 1]
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      line.push(
        Math.min(
          rows[row - 1]![column]! + 1,
          line[column - 1]! + 1,
          rows[row - 1]![column - 1]! + (isSame ? 0 : 1),
          isSwap ? rows[row - 2]![column - 2]! + 1 : Number.POSITIVE_INFINITY,
        ),
      )
    }
    rows.push(line)
  }
  return rows[a.length]![b.length]!
}
