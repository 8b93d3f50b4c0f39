import { spawn } from 'node:child_process'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { LabelledSet, Split } from './labelled-set.js'

interface PeerScores {
  readonly method: string
  /** [scored rows]; higher is less likely */
  readonly scores: readonly number[]
  /** CPU seconds. */
  readonly fitSeconds: number
  readonly scoreSeconds: number
}

const SCRIPT = fileURLToPath(new URL('./quality_peers.py', import.meta.url))

/** Scores of classical detectors, fitted to the same rows as outflow by a Python with scikit-learn. */
export async function scoreByPeers(python: string, set: LabelledSet, split: Split, seed: number) {
  const child = spawn(python, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] })
  const take = (rows: readonly number[]) => rows.map((row) => set.rows[row]!.map(Number))
  const fitted = new Set(split.fit)
  // A neighbour method needs the indices, to exclude a row from its own neighbours.
  const isFitted = split.score.map((row) => fitted.has(row))
  child.stdin.end(JSON.stringify({ fit: take(split.fit), score: take(split.score), isFitted, seed }))
  return (await json(child.stdout)) as readonly PeerScores[]
}
