// The peak memory of a fit, parent and child, with the built packages: prints MB as JSON.
import { fitFlow, realNvpSpec } from '@outflow/flow'

const [count, dim, maxSteps] = process.argv.slice(2).map(Number)
const rows = new Float32Array(count * dim)
for (let at = 0; at < rows.length; at++) rows[at] = Math.sin(at * 12.9898) + 0.6 * Math.sin(at * 78.233)

const noise = new Float32Array(dim).fill(0.05)
const { report } = await fitFlow(
  { rows, context: new Float32Array(0) },
  { spec: realNvpSpec(dim), seed: 1, noise, maxSteps, patience: maxSteps },
)
const parentMb = process.resourceUsage().maxRSS / 1024
const childMb = report.peakMemoryBytes / 1024 ** 2
console.log(JSON.stringify({ backend: report.backend, steps: report.steps, parentMb, childMb }))
