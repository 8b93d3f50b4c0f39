// The peak memory of a fit, parent and child, on what is built: prints MB as JSON. Linux, which keeps a high-water mark.
import { readdirSync, readFileSync } from 'node:fs'
import { fitFlow, realNvpSpec } from '@outflow/flow'

const [count, dim, maxSteps] = process.argv.slice(2).map(Number)
const rows = new Float32Array(count * dim)
for (let at = 0; at < rows.length; at++) rows[at] = Math.sin(at * 12.9898) + 0.6 * Math.sin(at * 78.233)

const peaks = new Map()
const noise = new Float32Array(dim).fill(0.05)
const { report } = await fitFlow(
  { rows, context: new Float32Array(0) },
  { spec: realNvpSpec(dim), seed: 1, noise, maxSteps, patience: maxSteps, onProgress: look },
)
look()
const [parent = 0, child = 0] = peaks.values()
console.log(JSON.stringify({ backend: report.backend, steps: report.steps, parentMb: parent, childMb: child }))

function look() {
  peaks.set('self', peakMb('self'))
  for (const thread of readdirSync('/proc/self/task')) {
    for (const pid of readFileSync(`/proc/self/task/${thread}/children`, 'utf8').trim().split(' ')) {
      if (pid !== '') peaks.set(pid, peakMb(pid))
    }
  }
}

function peakMb(pid) {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024
}
