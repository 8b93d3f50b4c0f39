/** Of the known words the one that a misspelt word was most likely meant to be; undefined where none is near. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined
  // A third of its letters may be wrong, and more than three make another word of any.
  let least = Math.min(3, Math.ceil(word.length / 3)) + 1
  for (const candidate of known) {
    // At least as many letters are wrong.
    if (Math.abs(candidate.length - word.length) >= least) continue
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase())
    if (distance >= least) continue
    nearest = candidate
    least = distance
  }
  return nearest
}

/**
 * How many letters to insert, leave out, replace, or swap with their neighbour make one word of another.
 *
 * @see Damerau 1964, "A technique for computer detection and correction of spelling errors"; the optimal-string-alignment form
 */
export function editDistance(a: string, b: string): number {
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
