import { execFile, spawn } from 'node:child_process'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { LabelledSet, Split } from './labelled-set.js'

/** Classical detectors, fitted to the same rows as outflow. */
export interface Peers {
  score(set: LabelledSet, split: Split, seed: number): Promise<readonly PeerScores[]>
}

export interface PeerScores {
  readonly method: string
  /** [scored rows]; higher is less likely */
  readonly scores: readonly number[]
  /** CPU seconds. */
  readonly fitSeconds: number
  readonly scoreSeconds: number
}

/** Checks for a Python with scikit-learn, or prints that the peers are left out. */
export async function findPeers(python: string): Promise<Peers | null> {
  try {
    const { stdout } = await promisify(execFile)(python, ['-c', 'import sklearn; print(sklearn.__version__)'])
    console.error(`peers: scikit-learn ${stdout.trim()}`)
  } catch (error: unknown) {
    const why = error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)
    console.error(`peers are left out: ${python} has no scikit-learn (${why}); --python names another`)
    return null
  }
  return { score: (set, split, seed) => ask(python, set, split, seed) }
}

const SCRIPT = fileURLToPath(new URL('./quality_peers.py', import.meta.url))

async function ask(python: string, set: LabelledSet, split: Split, seed: number) {
  const child = spawn(python, [SCRIPT], { stdio: ['pipe', 'pipe', 'inherit'] })
  const take = (rows: readonly number[]) => rows.map((row) => set.rows[row]!.map(Number))
  const fitted = new Set(split.fit)
  // A neighbour method needs the indices, to exclude a row from its own neighbours.
  const isFitted = split.score.map((row) => fitted.has(row))
  child.stdin.end(JSON.stringify({ fit: take(split.fit), score: take(split.score), isFitted, seed }))
  return (await json(child.stdout)) as readonly PeerScores[]
}
